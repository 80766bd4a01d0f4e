/*
 * A plain 6502 interpreter to compare with: one switch, registers in locals, flat memory. It knows the documented
 * opcodes of the NMOS 6502, decimal mode and exact cycle counts included. It makes no dummy accesses, and knows neither
 * devices nor interrupts.
 *
 *     6502-interpreter IMAGE PC CYCLES
 *
 * runs the 64 KiB image from PC, to the first instruction boundary at or after so many cycles. It prints nanoseconds
 * of CPU time, cycles, PC, A, X, Y, S and P in decimal on one line, and after it the memory.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint8_t memory[0x10000];

typedef struct {
  uint16_t pc;
  uint8_t a, x, y, s, p;
} Registers;

enum { C = 0x01, Z = 0x02, I = 0x04, D = 0x08, B = 0x10, U = 0x20, V = 0x40, N = 0x80 };

#define READ(address) memory[(uint16_t)(address)]
#define WORD(address) (uint16_t)(READ(address) | READ((address) + 1) << 8)
#define ZERO_PAGE_WORD(address) (uint16_t)(memory[(uint8_t)(address)] | memory[(uint8_t)((address) + 1)] << 8)
#define PUSH(value) (memory[0x100 | s--] = (uint8_t)(value))
#define PULL() memory[0x100 | ++s]

/* Flags: n in bit 7 of `negative`, z where `zero` is 0, c and v as 0 or 1, i and d where they stand in P. */
#define NZ(value) (negative = zero = (uint8_t)(value))
#define STATUS() (uint8_t)((negative & N) | (zero ? 0 : Z) | carry | overflow << 6 | other | U)
#define SET_STATUS(value)                                                                         \
  do {                                                                                            \
    uint8_t p = (value);                                                                          \
    negative = p;                                                                                 \
    zero = !(p & Z);                                                                              \
    carry = p & C;                                                                                \
    overflow = p >> 6 & 1;                                                                        \
    other = p & (I | D);                                                                          \
  } while (0)

/* Addressing modes leave the operand's address in `at`. */
#define IMMEDIATE (at = pc++)
#define ZERO_PAGE (at = READ(pc++))
#define ZERO_PAGE_X (at = (uint8_t)(READ(pc++) + x))
#define ZERO_PAGE_Y (at = (uint8_t)(READ(pc++) + y))
#define ABSOLUTE (at = WORD(pc), pc += 2)
#define INDEXED(index) (base = WORD(pc), pc += 2, at = (uint16_t)(base + (index)))
#define INDIRECT_X (t = READ(pc++) + x, at = ZERO_PAGE_WORD(t))
#define INDIRECT_Y (t = READ(pc++), base = ZERO_PAGE_WORD(t), at = (uint16_t)(base + y))
#define CROSSED ((base ^ at) >> 8 ? 1 : 0)

#define BRANCH(condition)                                                                         \
  do {                                                                                            \
    int8_t offset = (int8_t)READ(pc++);                                                           \
    cycles += 2;                                                                                  \
    if (condition) {                                                                              \
      uint16_t target = (uint16_t)(pc + offset);                                                  \
      cycles += (target ^ pc) >> 8 ? 2 : 1;                                                       \
      pc = target;                                                                                \
    }                                                                                             \
  } while (0)

#define COMPARE(register, value)                                                                  \
  do {                                                                                            \
    unsigned difference = (unsigned)(register) - (value);                                         \
    carry = difference < 0x100;                                                                   \
    NZ(difference);                                                                               \
  } while (0)

#define ADD(value)                                                                                \
  do {                                                                                            \
    unsigned m = (value), sum = a + m + carry;                                                    \
    if (other & D) {                                                                              \
      unsigned low = (a & 0x0f) + (m & 0x0f) + carry;                                             \
      if (low > 9) low = ((low + 6) & 0x0f) + 0x10;                                               \
      unsigned high = (a & 0xf0) + (m & 0xf0) + low;                                              \
      zero = (uint8_t)sum;                                                                        \
      negative = (uint8_t)high;                                                                   \
      overflow = (~(a ^ m) & (a ^ high)) >> 7 & 1;                                                \
      if (high > 0x9f) high += 0x60;                                                              \
      carry = high > 0xff;                                                                        \
      a = (uint8_t)high;                                                                          \
    } else {                                                                                      \
      overflow = (~(a ^ m) & (a ^ sum)) >> 7 & 1;                                                 \
      carry = sum >> 8;                                                                           \
      a = (uint8_t)sum;                                                                           \
      NZ(a);                                                                                      \
    }                                                                                             \
  } while (0)

#define SUBTRACT(value)                                                                           \
  do {                                                                                            \
    unsigned m = (value), sum = a + (m ^ 0xff) + carry;                                           \
    unsigned v = ((a ^ m) & (a ^ sum)) >> 7 & 1;                                                  \
    if (other & D) {                                                                              \
      int low = (a & 0x0f) - (int)(m & 0x0f) + (int)carry - 1;                                    \
      if (low < 0) low = ((low - 6) & 0x0f) - 0x10;                                               \
      int high = (a & 0xf0) - (int)(m & 0xf0) + low;                                              \
      if (high < 0) high -= 0x60;                                                                 \
      a = (uint8_t)high;                                                                          \
    } else {                                                                                      \
      a = (uint8_t)sum;                                                                           \
    }                                                                                             \
    overflow = v;                                                                                 \
    carry = sum >> 8;                                                                             \
    NZ(sum);                                                                                      \
  } while (0)

#define ASL(value) (t = (value), carry = t >> 7, t = (uint8_t)(t << 1), NZ(t), t)
#define LSR(value) (t = (value), carry = t & 1, t = t >> 1, NZ(t), t)
#define ROL(value) (t = (value), u = t >> 7, t = (uint8_t)(t << 1 | carry), carry = u, NZ(t), t)
#define ROR(value) (t = (value), u = t & 1, t = (uint8_t)(t >> 1 | carry << 7), carry = u, NZ(t), t)

#define BIT(value)                                                                                \
  do {                                                                                            \
    uint8_t m = (value);                                                                          \
    negative = m;                                                                                 \
    zero = a & m;                                                                                 \
    overflow = m >> 6 & 1;                                                                        \
  } while (0)

/* The eight modes of the accumulator's instructions, at the opcodes they have in common. */
#define GROUP_ONE(opcode, operation)                                                              \
  case opcode + 0x08: IMMEDIATE; operation; cycles += 2; break;                                   \
  case opcode + 0x04: ZERO_PAGE; operation; cycles += 3; break;                                   \
  case opcode + 0x14: ZERO_PAGE_X; operation; cycles += 4; break;                                 \
  case opcode + 0x0c: ABSOLUTE; operation; cycles += 4; break;                                    \
  case opcode + 0x1c: INDEXED(x); operation; cycles += 4 + CROSSED; break;                        \
  case opcode + 0x18: INDEXED(y); operation; cycles += 4 + CROSSED; break;                        \
  case opcode + 0x00: INDIRECT_X; operation; cycles += 6; break;                                  \
  case opcode + 0x10: INDIRECT_Y; operation; cycles += 5 + CROSSED; break

#define MODIFY(opcode, operation)                                                                 \
  case opcode + 0x00: ZERO_PAGE; memory[at] = operation(memory[at]); cycles += 5; break;          \
  case opcode + 0x10: ZERO_PAGE_X; memory[at] = operation(memory[at]); cycles += 6; break;        \
  case opcode + 0x08: ABSOLUTE; memory[at] = operation(memory[at]); cycles += 6; break;           \
  case opcode + 0x18: INDEXED(x); memory[at] = operation(memory[at]); cycles += 7; break

#define INCREMENT(value) NZ((value) + 1)
#define DECREMENT(value) NZ((value)-1)

static uint64_t run(Registers *registers, uint64_t limit) {
  uint16_t pc = registers->pc, at, base;
  uint8_t a = registers->a, x = registers->x, y = registers->y, s = registers->s;
  uint8_t negative, zero, other, t, u;
  unsigned carry, overflow;
  uint64_t cycles = 0;
  SET_STATUS(registers->p);
  while (cycles < limit) {
    switch (READ(pc++)) {
      GROUP_ONE(0x01, (a |= READ(at), NZ(a)));
      GROUP_ONE(0x21, (a &= READ(at), NZ(a)));
      GROUP_ONE(0x41, (a ^= READ(at), NZ(a)));
      GROUP_ONE(0x61, ADD(READ(at)));
      GROUP_ONE(0xa1, (a = READ(at), NZ(a)));
      GROUP_ONE(0xc1, COMPARE(a, READ(at)));
      GROUP_ONE(0xe1, SUBTRACT(READ(at)));
      case 0x85: ZERO_PAGE; memory[at] = a; cycles += 3; break;
      case 0x95: ZERO_PAGE_X; memory[at] = a; cycles += 4; break;
      case 0x8d: ABSOLUTE; memory[at] = a; cycles += 4; break;
      case 0x9d: INDEXED(x); memory[at] = a; cycles += 5; break;
      case 0x99: INDEXED(y); memory[at] = a; cycles += 5; break;
      case 0x81: INDIRECT_X; memory[at] = a; cycles += 6; break;
      case 0x91: INDIRECT_Y; memory[at] = a; cycles += 6; break;

      MODIFY(0x06, ASL);
      MODIFY(0x26, ROL);
      MODIFY(0x46, LSR);
      MODIFY(0x66, ROR);
      MODIFY(0xc6, DECREMENT);
      MODIFY(0xe6, INCREMENT);
      case 0x0a: a = ASL(a); cycles += 2; break;
      case 0x2a: a = ROL(a); cycles += 2; break;
      case 0x4a: a = LSR(a); cycles += 2; break;
      case 0x6a: a = ROR(a); cycles += 2; break;

      case 0xa2: IMMEDIATE; x = READ(at); NZ(x); cycles += 2; break;
      case 0xa6: ZERO_PAGE; x = memory[at]; NZ(x); cycles += 3; break;
      case 0xb6: ZERO_PAGE_Y; x = memory[at]; NZ(x); cycles += 4; break;
      case 0xae: ABSOLUTE; x = memory[at]; NZ(x); cycles += 4; break;
      case 0xbe: INDEXED(y); x = memory[at]; NZ(x); cycles += 4 + CROSSED; break;
      case 0xa0: IMMEDIATE; y = READ(at); NZ(y); cycles += 2; break;
      case 0xa4: ZERO_PAGE; y = memory[at]; NZ(y); cycles += 3; break;
      case 0xb4: ZERO_PAGE_X; y = memory[at]; NZ(y); cycles += 4; break;
      case 0xac: ABSOLUTE; y = memory[at]; NZ(y); cycles += 4; break;
      case 0xbc: INDEXED(x); y = memory[at]; NZ(y); cycles += 4 + CROSSED; break;
      case 0x86: ZERO_PAGE; memory[at] = x; cycles += 3; break;
      case 0x96: ZERO_PAGE_Y; memory[at] = x; cycles += 4; break;
      case 0x8e: ABSOLUTE; memory[at] = x; cycles += 4; break;
      case 0x84: ZERO_PAGE; memory[at] = y; cycles += 3; break;
      case 0x94: ZERO_PAGE_X; memory[at] = y; cycles += 4; break;
      case 0x8c: ABSOLUTE; memory[at] = y; cycles += 4; break;

      case 0xe0: IMMEDIATE; COMPARE(x, READ(at)); cycles += 2; break;
      case 0xe4: ZERO_PAGE; COMPARE(x, memory[at]); cycles += 3; break;
      case 0xec: ABSOLUTE; COMPARE(x, memory[at]); cycles += 4; break;
      case 0xc0: IMMEDIATE; COMPARE(y, READ(at)); cycles += 2; break;
      case 0xc4: ZERO_PAGE; COMPARE(y, memory[at]); cycles += 3; break;
      case 0xcc: ABSOLUTE; COMPARE(y, memory[at]); cycles += 4; break;
      case 0x24: ZERO_PAGE; BIT(memory[at]); cycles += 3; break;
      case 0x2c: ABSOLUTE; BIT(memory[at]); cycles += 4; break;

      case 0xe8: x++; NZ(x); cycles += 2; break;
      case 0xca: x--; NZ(x); cycles += 2; break;
      case 0xc8: y++; NZ(y); cycles += 2; break;
      case 0x88: y--; NZ(y); cycles += 2; break;
      case 0xaa: x = a; NZ(x); cycles += 2; break;
      case 0xa8: y = a; NZ(y); cycles += 2; break;
      case 0x8a: a = x; NZ(a); cycles += 2; break;
      case 0x98: a = y; NZ(a); cycles += 2; break;
      case 0xba: x = s; NZ(x); cycles += 2; break;
      case 0x9a: s = x; cycles += 2; break;

      case 0x18: carry = 0; cycles += 2; break;
      case 0x38: carry = 1; cycles += 2; break;
      case 0x58: other &= D; cycles += 2; break;
      case 0x78: other |= I; cycles += 2; break;
      case 0xb8: overflow = 0; cycles += 2; break;
      case 0xd8: other &= I; cycles += 2; break;
      case 0xf8: other |= D; cycles += 2; break;
      case 0xea: cycles += 2; break;

      case 0x10: BRANCH(!(negative & N)); break;
      case 0x30: BRANCH(negative & N); break;
      case 0x50: BRANCH(!overflow); break;
      case 0x70: BRANCH(overflow); break;
      case 0x90: BRANCH(!carry); break;
      case 0xb0: BRANCH(carry); break;
      case 0xd0: BRANCH(zero); break;
      case 0xf0: BRANCH(!zero); break;

      case 0x48: PUSH(a); cycles += 3; break;
      case 0x08: PUSH(STATUS() | B); cycles += 3; break;
      case 0x68: a = PULL(); NZ(a); cycles += 4; break;
      case 0x28: SET_STATUS(PULL()); cycles += 4; break;

      case 0x4c: pc = WORD(pc); cycles += 3; break;
      case 0x6c: /* its high byte comes from the same page */
        at = WORD(pc);
        pc = (uint16_t)(memory[at] | memory[(at & 0xff00) | (uint8_t)(at + 1)] << 8);
        cycles += 5;
        break;
      case 0x20: /* its last byte is read after the pushes */
        at = READ(pc++);
        PUSH(pc >> 8);
        PUSH(pc);
        pc = (uint16_t)(at | READ(pc) << 8);
        cycles += 6;
        break;
      case 0x60: pc = PULL(); pc = (uint16_t)((pc | PULL() << 8) + 1); cycles += 6; break;
      case 0x40: SET_STATUS(PULL()); pc = PULL(); pc = (uint16_t)(pc | PULL() << 8); cycles += 6; break;
      case 0x00:
        pc++;
        PUSH(pc >> 8);
        PUSH(pc);
        PUSH(STATUS() | B);
        other |= I;
        pc = WORD(0xfffe);
        cycles += 7;
        break;

      default:
        fprintf(stderr, "6502-interpreter: undocumented opcode $%02x at $%04x\n", READ(pc - 1), (uint16_t)(pc - 1));
        exit(1);
    }
  }
  *registers = (Registers){pc, a, x, y, s, STATUS()};
  return cycles;
}

int main(int count, char **arguments) {
  if (count != 4) return fprintf(stderr, "usage: 6502-interpreter IMAGE PC CYCLES\n"), 2;
  FILE *image = fopen(arguments[1], "rb");
  if (!image || fread(memory, 1, sizeof memory, image) != sizeof memory) return perror(arguments[1]), 2;
  fclose(image);
  Registers registers = {.pc = (uint16_t)atoi(arguments[2]), .s = 0xff, .p = U | I};
  struct timespec before, after;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  uint64_t cycles = run(&registers, strtoull(arguments[3], NULL, 10));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  int64_t nanoseconds = (after.tv_sec - before.tv_sec) * 1000000000LL + (after.tv_nsec - before.tv_nsec);
  printf("%lld %llu %d %d %d %d %d %d\n", (long long)nanoseconds, (unsigned long long)cycles, registers.pc, registers.a,
         registers.x, registers.y, registers.s, registers.p);
  fwrite(memory, 1, sizeof memory, stdout);
  return 0;
}
