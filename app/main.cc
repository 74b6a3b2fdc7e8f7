// The process begins.
#include "app/cli.h"

int main(int argc, char** argv) {
  return teal::app::run_cli(argc, argv);
}
