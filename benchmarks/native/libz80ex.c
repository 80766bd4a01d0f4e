/* Debian's libz80ex, with flat memory. For the command line see z80-machine.h. */
#include <z80ex/z80ex.h>

#include "z80-machine.h"

static Z80EX_BYTE read_memory(Z80EX_CONTEXT *cpu, Z80EX_WORD at, int m1, void *data) {
  (void)cpu, (void)m1, (void)data;
  return memory[at];
}

static void write_memory(Z80EX_CONTEXT *cpu, Z80EX_WORD at, Z80EX_BYTE value, void *data) {
  (void)cpu, (void)data;
  memory[at] = value;
}

static Z80EX_BYTE read_io(Z80EX_CONTEXT *cpu, Z80EX_WORD port, void *data) {
  (void)cpu, (void)data;
  return read_port((uint8_t)port);
}

static void write_io(Z80EX_CONTEXT *cpu, Z80EX_WORD port, Z80EX_BYTE value, void *data) {
  (void)cpu, (void)data;
  write_port((uint8_t)port, value);
}

static Z80EX_BYTE read_vector(Z80EX_CONTEXT *cpu, void *data) {
  (void)cpu, (void)data;
  return 0xff;
}

/* In the order of Registers. */
static const Z80_REG_T names[] = {regPC, regSP, regAF,  regBC,  regDE,  regHL,
                                  regIX, regIY, regAF_, regBC_, regDE_, regHL_};

static uint64_t run(Registers *registers, uint64_t limit) {
  Z80EX_CONTEXT *cpu = z80ex_create(read_memory, NULL, write_memory, NULL, read_io, NULL, write_io, NULL,
                                    read_vector, NULL);
  uint16_t *values = &registers->pc;
  z80ex_reset(cpu);
  for (int index = 0; index < 12; index++) z80ex_set_reg(cpu, names[index], values[index]);
  uint64_t cycles = 0;
  /* A prefix is a step of its own. */
  while (cycles + waited < limit || z80ex_last_op_type(cpu) != 0) cycles += (uint64_t)z80ex_step(cpu);
  for (int index = 0; index < 12; index++) values[index] = z80ex_get_reg(cpu, names[index]);
  z80ex_destroy(cpu);
  return cycles + waited;
}
