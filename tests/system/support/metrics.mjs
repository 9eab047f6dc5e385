// What a node tells as `/metrics`, read as text.

/** The samples of a page: "name{label=\"value\"}" to number. */
export function parse(page) {
  const samples = new Map();
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    samples.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return samples;
}

export async function page(node) {
  return (await fetch(node.admin('/metrics'))).text();
}

export async function samples(node) {
  return parse(await page(node));
}

/** The names of the families of a page. */
export function families(text) {
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
}
