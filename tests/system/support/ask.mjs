import http from 'node:http';

/**
 * {status, headers} of a GET from the operators' listener. The path goes as it
 * is: fetch would put `..` right before the node sees it.
 */
export function ask(node, path, headers = {}) {
  const to = { host: '127.0.0.1', port: node.adminPort, path, headers };
  return new Promise((resolve, reject) => {
    http.get(to, (answer) => resolve({ status: answer.resume().statusCode,
      headers: answer.headers })).once('error', reject);
  });
}
