/*
 * Debian's libz80ex as a core in a process of its own: the line protocol of docs/fuzzing-a-core.md in C.
 *
 *     cc -O2 -o libz80ex libz80ex.c -lz80ex
 *     backplane fuzz z80 --command ./libz80ex --executions 20000
 *
 * It has no way to set WZ or to be halted: they are 0 when a program begins, and are not compared.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <z80ex/z80ex.h>

#define COUNT 17
static const char *names[COUNT] = {"pc", "sp",  "af",  "bc",  "de",  "hl",   "ix",   "iy", "af_",
                                   "bc_", "de_", "hl_", "i", "im", "iff1", "iff2", "r"};
static const Z80_REG_T registers[] = {regPC,  regSP,  regAF,  regBC,  regDE, regHL, regIX,   regIY, regAF_,
                                      regBC_, regDE_, regHL_, regI,   regIM, regIFF1, regIFF2};

static uint8_t memory[0x10000], before[0x10000];
static struct { int address, value, isWrite, isPort; } accesses[0x10000];
static int accessed, inputs[64], inputCount, inputsTaken;

static void note(int address, int value, int isWrite, int isPort) {
  if (accessed == 0x10000) return;
  accesses[accessed].address = address, accesses[accessed].value = value;
  accesses[accessed].isWrite = isWrite, accesses[accessed].isPort = isPort;
  accessed++;
}

static Z80EX_BYTE read_memory(Z80EX_CONTEXT *cpu, Z80EX_WORD at, int m1, void *data) {
  (void)cpu, (void)m1, (void)data;
  note(at, memory[at], 0, 0);
  return memory[at];
}

static void write_memory(Z80EX_CONTEXT *cpu, Z80EX_WORD at, Z80EX_BYTE value, void *data) {
  (void)cpu, (void)data;
  note(at, value, 1, 0);
  memory[at] = value;
}

static Z80EX_BYTE read_port(Z80EX_CONTEXT *cpu, Z80EX_WORD port, void *data) {
  (void)cpu, (void)data;
  int value = inputCount ? inputs[inputsTaken++ % inputCount] : 0xff;
  note(port, value, 0, 1);
  return (Z80EX_BYTE)value;
}

static void write_port(Z80EX_CONTEXT *cpu, Z80EX_WORD port, Z80EX_BYTE value, void *data) {
  (void)cpu, (void)data;
  note(port, value, 1, 1);
}

static Z80EX_BYTE read_vector(Z80EX_CONTEXT *cpu, void *data) {
  (void)cpu, (void)data;
  return 0xff;
}

/* What there is of JSON in a question: objects, lists, strings and whole numbers, never with a space in between. */
static char *at;

static void skip(void) {
  int depth = 0;
  do {
    if (*at == '"') while (*++at != '"') {}
    if (*at == '[' || *at == '{') depth++;
    if (*at == ']' || *at == '}') depth--;
    at++;
  } while (depth > 0 || (*at != ',' && *at != ']' && *at != '}' && *at != 0));
}

/* Goes to the next key of an object, from its brace or the comma before; 0 at its end. */
static int key(char *name) {
  if (*at == '}' || (*at == '{' && at[1] == '}')) return at += *at == '{' ? 2 : 1, 0;
  at += 2;
  while (*at != '"') *name++ = *at++;
  *name = 0;
  at += 2;
  return 1;
}

/* Goes to the next item of a list, from its bracket or the comma before; 0 at its end. */
static int item(void) {
  if (*at == ']' || (*at == '[' && at[1] == ']')) return at += *at == '[' ? 2 : 1, 0;
  return at++, 1;
}

static int number(void) { return (int)strtol(at, &at, 10); }

static void print_state(Z80EX_CONTEXT *cpu, long cycles) {
  printf("[%ld", cycles);
  for (int index = 0; index < 16; index++) printf(",%d", z80ex_get_reg(cpu, registers[index]));
  printf(",%d]", (z80ex_get_reg(cpu, regR) & 0x7f) | (z80ex_get_reg(cpu, regR7) & 0x80));
}

static void print_outcome(int steps, const int *values) {
  Z80EX_CONTEXT *cpu = z80ex_create(read_memory, NULL, write_memory, NULL, read_port, NULL, write_port, NULL,
                                    read_vector, NULL);
  z80ex_reset(cpu);
  for (int index = 0; index < 16; index++) z80ex_set_reg(cpu, registers[index], (Z80EX_WORD)values[index]);
  z80ex_set_reg(cpu, regR, (Z80EX_WORD)(values[16] & 0x7f));
  z80ex_set_reg(cpu, regR7, (Z80EX_WORD)(values[16] & 0x80));
  accessed = inputsTaken = 0;
  long cycles = 0;
  printf("{\"steps\":[");
  for (int step = 0; step < steps; step++) {
    /* A prefix is a step of its own. */
    do cycles += z80ex_step(cpu);
    while (z80ex_last_op_type(cpu) != 0);
    if (step > 0) putchar(',');
    print_state(cpu, cycles);
  }
  z80ex_destroy(cpu);
  printf("],\"ram\":[");
  int printed = 0;
  for (int address = 0; address < 0x10000; address++) {
    if (memory[address] != before[address]) printf("%s[%d,%d]", printed++ ? "," : "", address, memory[address]);
  }
  printf("],\"accesses\":[");
  for (int index = 0; index < accessed; index++) {
    const char *kind = accesses[index].isPort ? (accesses[index].isWrite ? "out" : "in")
                                              : (accesses[index].isWrite ? "write" : "read");
    printf("%s[null,\"%s\",%d,%d]", index ? "," : "", kind, accesses[index].address, accesses[index].value);
  }
  printf("],\"ports\":[");
  printed = 0;
  for (int index = 0; index < accessed; index++) {
    if (!accesses[index].isPort) continue;
    printf("%s[%d,%d,\"%s\"]", printed++ ? "," : "", accesses[index].address, accesses[index].value,
           accesses[index].isWrite ? "w" : "r");
  }
  printf("]}");
}

static void run_program(void) {
  char name[32];
  int values[COUNT] = {0}, steps = 0;
  memset(memory, 0, sizeof memory);
  inputCount = 0;
  while (key(name)) {
    if (strcmp(name, "registers") == 0) {
      while (key(name)) {
        int value = number();
        for (int index = 0; index < COUNT; index++) if (strcmp(name, names[index]) == 0) values[index] = value;
      }
    } else if (strcmp(name, "ram") == 0) {
      while (item()) {
        at++;
        int address = number();
        at++;
        memory[address] = (uint8_t)number();
        at++;
      }
    } else if (strcmp(name, "input") == 0) {
      while (item()) inputs[inputCount++ % 64] = number();
    } else if (strcmp(name, "steps") == 0) steps = number();
    else skip();
  }
  memcpy(before, memory, sizeof memory);
  print_outcome(steps, values);
}

int main(void) {
  char *line = NULL, name[32];
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0) {
    int id = 0;
    char *programs = NULL;
    at = line;
    while (key(name)) {
      if (strcmp(name, "id") == 0) id = number();
      else {
        if (strcmp(name, "programs") == 0) programs = at;
        skip();
      }
    }
    printf("{\"id\":%d", id);
    if (programs) {
      at = programs;
      printf(",\"outcomes\":[");
      for (int index = 0; item(); index++) {
        if (index > 0) putchar(',');
        run_program();
      }
      printf("]}\n");
    } else {
      printf(",\"name\":\"libz80ex %s\",\"registers\":[", z80ex_get_version()->as_string);
      for (int index = 0; index < COUNT; index++) printf("%s\"%s\"", index ? "," : "", names[index]);
      printf("],\"logs\":[\"read\",\"write\",\"in\",\"out\"]}\n");
    }
    fflush(stdout);
  }
  free(line);
  return 0;
}
