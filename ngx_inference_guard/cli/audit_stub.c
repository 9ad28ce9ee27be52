#include "audit.h"
int ig_cmd_audit_propose(int argc, char **argv) { (void)argc;(void)argv; return 2; }
