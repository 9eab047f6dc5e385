// The front door.

#include "app/program.hpp"

int main(int argc, char** argv) {
  return greenroom::app::run_program(argc, argv);
}
