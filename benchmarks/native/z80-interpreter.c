/*
 * A plain Z80 interpreter to compare with: one switch a page of opcodes, registers in locals, flat memory. It knows the
 * documented opcodes and their exact T-states. It counts no refreshes (LD A,R gives what LD R,A left), makes no bus
 * cycles beside the accesses themselves, and knows no interrupts (EI and DI set the flip-flops that LD A,I tells, HALT
 * waits for ever). Bits 5 and 3 of F are as on the chip but for BIT n,(HL), SCF and CCF. For the command line see
 * z80-machine.h.
 */
#include "z80-machine.h"

enum { CF = 0x01, NF = 0x02, PF = 0x04, XY = 0x28, HF = 0x10, ZF = 0x40, SF = 0x80 };

/* S, Z and bits 5 and 3 of a value; the same and its parity. */
static uint8_t sz[0x100], szp[0x100];

static void make_tables(void) {
  for (int value = 0; value < 0x100; value++) {
    int ones = 0;
    for (int bit = 0; bit < 8; bit++) ones += value >> bit & 1;
    sz[value] = (uint8_t)((value & (SF | XY)) | (value == 0 ? ZF : 0));
    szp[value] = (uint8_t)(sz[value] | (ones & 1 ? 0 : PF));
  }
}

#define READ(at) memory[(uint16_t)(at)]
#define WRITE(at, value) (memory[(uint16_t)(at)] = (uint8_t)(value))
#define FETCH() memory[pc++]
#define READ_WORD(at) (uint16_t)(READ(at) | READ((at) + 1) << 8)
#define WRITE_WORD(at, value) (t = (uint16_t)(at), w = (uint16_t)(value), WRITE(t, w), WRITE(t + 1, w >> 8))
#define FETCH_WORD() (pc += 2, READ_WORD(pc - 2))
#define PUSH(value) (w = (uint16_t)(value), WRITE(--sp, w >> 8), WRITE(--sp, w))
#define POP() (sp += 2, READ_WORD(sp - 2))

#define BC (uint16_t)(b << 8 | c)
#define DE (uint16_t)(d << 8 | e)
#define HL (uint16_t)(h << 8 | l)
#define SET_BC(value) (w = (uint16_t)(value), b = (uint8_t)(w >> 8), c = (uint8_t)w)
#define SET_DE(value) (w = (uint16_t)(value), d = (uint8_t)(w >> 8), e = (uint8_t)w)
#define SET_HL(value) (w = (uint16_t)(value), h = (uint8_t)(w >> 8), l = (uint8_t)w)

#define ADD(value, carry)                                                                         \
  do {                                                                                            \
    unsigned m = (value), sum = a + m + (carry);                                                  \
    f = (uint8_t)(sz[sum & 0xff] | sum >> 8 | ((a ^ m ^ sum) & HF) | (((~(a ^ m) & (a ^ sum)) & 0x80) >> 5)); \
    a = (uint8_t)sum;                                                                             \
  } while (0)

#define SUBTRACT(value, carry)                                                                    \
  do {                                                                                            \
    unsigned m = (value), rest = a - m - (carry);                                                 \
    f = (uint8_t)(sz[rest & 0xff] | (rest >> 8 & CF) | NF | ((a ^ m ^ rest) & HF) |               \
                  ((((a ^ m) & (a ^ rest)) & 0x80) >> 5));                                        \
    a = (uint8_t)rest;                                                                            \
  } while (0)

/* Bits 5 and 3 are those of the operand. */
#define COMPARE(value)                                                                            \
  do {                                                                                            \
    unsigned m = (value), rest = a - m;                                                           \
    f = (uint8_t)((sz[rest & 0xff] & ~XY) | (m & XY) | (rest >> 8 & CF) | NF | ((a ^ m ^ rest) & HF) | \
                  ((((a ^ m) & (a ^ rest)) & 0x80) >> 5));                                        \
  } while (0)

#define AND(value) (a &= (value), f = szp[a] | HF)
#define XOR(value) (a ^= (value), f = szp[a])
#define OR(value) (a |= (value), f = szp[a])

#define INCREMENT(value)                                                                          \
  (u = (uint8_t)((value) + 1), f = (f & CF) | sz[u] | (u & 0x0f ? 0 : HF) | (u == 0x80 ? PF : 0), u)
#define DECREMENT(value)                                                                          \
  (u = (uint8_t)((value)-1), f = (f & CF) | NF | sz[u] | ((u & 0x0f) == 0x0f ? HF : 0) | (u == 0x7f ? PF : 0), u)

#define ADD_WORD(left, right)                                                                     \
  (t = (left), w = (right), wide = (unsigned)t + w,                                               \
   f = (uint8_t)((f & (SF | ZF | PF)) | (wide >> 8 & XY) | wide >> 16 | ((t ^ w ^ wide) >> 8 & HF)), (uint16_t)wide)

#define ADC_HL(value)                                                                             \
  do {                                                                                            \
    unsigned m = (value), sum = HL + m + (f & CF);                                                \
    f = (uint8_t)((sum >> 8 & (SF | XY)) | ((sum & 0xffff) == 0 ? ZF : 0) | sum >> 16 |           \
                  ((HL ^ m ^ sum) >> 8 & HF) | ((~(HL ^ m) & (HL ^ sum)) >> 13 & PF));            \
    SET_HL(sum);                                                                                  \
    cycles += 15;                                                                                 \
  } while (0)

#define SBC_HL(value)                                                                             \
  do {                                                                                            \
    unsigned m = (value), rest = HL - m - (f & CF);                                               \
    f = (uint8_t)((rest >> 8 & (SF | XY)) | ((rest & 0xffff) == 0 ? ZF : 0) | (rest >> 16 & CF) | NF | \
                  ((HL ^ m ^ rest) >> 8 & HF) | (((HL ^ m) & (HL ^ rest)) >> 13 & PF));           \
    SET_HL(rest);                                                                                 \
    cycles += 15;                                                                                 \
  } while (0)

#define DAA()                                                                                     \
  do {                                                                                            \
    uint8_t correction = 0, carry = f & CF, before = a;                                           \
    if ((f & HF) || (a & 0x0f) > 9) correction = 0x06;                                            \
    if (carry || a > 0x99) correction |= 0x60, carry = CF;                                        \
    a = (uint8_t)(f & NF ? a - correction : a + correction);                                      \
    f = (uint8_t)(szp[a] | carry | (f & NF) | ((before ^ a) & HF));                               \
  } while (0)

/* The rotations of A keep S, Z and P. */
#define ROTATE_A(result, carry) (u = (carry), a = (uint8_t)(result), f = (f & (SF | ZF | PF)) | (a & XY) | u)

#define RLC(value) (v = (value), u = v >> 7, v = (uint8_t)(v << 1 | u), f = szp[v] | u, v)
#define RRC(value) (v = (value), u = v & 1, v = (uint8_t)(v >> 1 | u << 7), f = szp[v] | u, v)
#define RL(value) (v = (value), u = v >> 7, v = (uint8_t)(v << 1 | (f & CF)), f = szp[v] | u, v)
#define RR(value) (v = (value), u = v & 1, v = (uint8_t)(v >> 1 | (f & CF) << 7), f = szp[v] | u, v)
#define SLA(value) (v = (value), u = v >> 7, v = (uint8_t)(v << 1), f = szp[v] | u, v)
#define SRA(value) (v = (value), u = v & 1, v = (uint8_t)(v >> 1 | (v & 0x80)), f = szp[v] | u, v)
#define SRL(value) (v = (value), u = v & 1, v = v >> 1, f = szp[v] | u, v)
#define BIT(n, value, xy)                                                                         \
  (u = (value) & (1 << (n)), f = (f & CF) | HF | (u ? 0 : ZF | PF) | (u & SF) | ((xy) & XY))

#define JUMP_RELATIVE(condition)                                                                  \
  do {                                                                                            \
    int8_t offset = (int8_t)FETCH();                                                              \
    cycles += 7;                                                                                  \
    if (condition) pc = (uint16_t)(pc + offset), cycles += 5;                                     \
  } while (0)

#define JUMP(condition)                                                                           \
  do {                                                                                            \
    uint16_t target = FETCH_WORD();                                                               \
    if (condition) pc = target;                                                                   \
    cycles += 10;                                                                                 \
  } while (0)

#define CALL(condition)                                                                           \
  do {                                                                                            \
    uint16_t target = FETCH_WORD();                                                               \
    cycles += 10;                                                                                 \
    if (condition) {                                                                              \
      PUSH(pc);                                                                                   \
      pc = target;                                                                                \
      cycles += 7;                                                                                \
    }                                                                                             \
  } while (0)

#define RETURN(condition)                                                                         \
  do {                                                                                            \
    cycles += 5;                                                                                  \
    if (condition) pc = POP(), cycles += 6;                                                       \
  } while (0)

#define RST(target) PUSH(pc), pc = (target), cycles += 11

#define CONDITIONS(opcode, operation)                                                             \
  case opcode + 0x00: operation(!(f & ZF)); break;                                                \
  case opcode + 0x08: operation(f & ZF); break;                                                   \
  case opcode + 0x10: operation(!(f & CF)); break;                                                \
  case opcode + 0x18: operation(f & CF); break;                                                   \
  case opcode + 0x20: operation(!(f & PF)); break;                                                \
  case opcode + 0x28: operation(f & PF); break;                                                   \
  case opcode + 0x30: operation(!(f & SF)); break;                                                \
  case opcode + 0x38: operation(f & SF); break

/* LD r,r' for one r; the one that would be LD (HL),(HL) stands apart. */
#define LOADS(opcode, target)                                                                     \
  case opcode + 0: target = b; cycles += 4; break;                                                \
  case opcode + 1: target = c; cycles += 4; break;                                                \
  case opcode + 2: target = d; cycles += 4; break;                                                \
  case opcode + 3: target = e; cycles += 4; break;                                                \
  case opcode + 4: target = h; cycles += 4; break;                                                \
  case opcode + 5: target = l; cycles += 4; break;                                                \
  case opcode + 6: target = READ(HL); cycles += 7; break;                                         \
  case opcode + 7: target = a; cycles += 4; break

#define ARITHMETIC(opcode, operation)                                                             \
  case opcode + 0: operation(b); cycles += 4; break;                                              \
  case opcode + 1: operation(c); cycles += 4; break;                                              \
  case opcode + 2: operation(d); cycles += 4; break;                                              \
  case opcode + 3: operation(e); cycles += 4; break;                                              \
  case opcode + 4: operation(h); cycles += 4; break;                                              \
  case opcode + 5: operation(l); cycles += 4; break;                                              \
  case opcode + 6: operation(READ(HL)); cycles += 7; break;                                       \
  case opcode + 7: operation(a); cycles += 4; break;                                              \
  case opcode + 0x46: operation(FETCH()); cycles += 7; break

#define ADD_PLAIN(value) ADD(value, 0)
#define ADD_CARRY(value) ADD(value, f & CF)
#define SUBTRACT_PLAIN(value) SUBTRACT(value, 0)
#define SUBTRACT_CARRY(value) SUBTRACT(value, f & CF)

#define MODIFY(opcode, operation)                                                                 \
  case opcode + 0: b = operation(b); cycles += 8; break;                                          \
  case opcode + 1: c = operation(c); cycles += 8; break;                                          \
  case opcode + 2: d = operation(d); cycles += 8; break;                                          \
  case opcode + 3: e = operation(e); cycles += 8; break;                                          \
  case opcode + 4: h = operation(h); cycles += 8; break;                                          \
  case opcode + 5: l = operation(l); cycles += 8; break;                                          \
  case opcode + 6: WRITE(HL, operation(READ(HL))); cycles += 15; break;                           \
  case opcode + 7: a = operation(a); cycles += 8; break

#define TEST(n)                                                                                   \
  case 0x40 + 8 * n + 0: BIT(n, b, b); cycles += 8; break;                                        \
  case 0x40 + 8 * n + 1: BIT(n, c, c); cycles += 8; break;                                        \
  case 0x40 + 8 * n + 2: BIT(n, d, d); cycles += 8; break;                                        \
  case 0x40 + 8 * n + 3: BIT(n, e, e); cycles += 8; break;                                        \
  case 0x40 + 8 * n + 4: BIT(n, h, h); cycles += 8; break;                                        \
  case 0x40 + 8 * n + 5: BIT(n, l, l); cycles += 8; break;                                        \
  case 0x40 + 8 * n + 6: BIT(n, READ(HL), READ(HL)); cycles += 12; break;                         \
  case 0x40 + 8 * n + 7: BIT(n, a, a); cycles += 8; break

#define CHANGE(opcode, operation)                                                                 \
  case opcode + 0: b operation; cycles += 8; break;                                               \
  case opcode + 1: c operation; cycles += 8; break;                                               \
  case opcode + 2: d operation; cycles += 8; break;                                               \
  case opcode + 3: e operation; cycles += 8; break;                                               \
  case opcode + 4: h operation; cycles += 8; break;                                               \
  case opcode + 5: l operation; cycles += 8; break;                                               \
  case opcode + 6: READ(HL) operation; cycles += 15; break;                                       \
  case opcode + 7: a operation; cycles += 8; break

#define RESET(n) CHANGE(0x80 + 8 * n, &= ~(1 << n))
#define SET(n) CHANGE(0xc0 + 8 * n, |= 1 << n)
#define EIGHT(what) what(0); what(1); what(2); what(3); what(4); what(5); what(6); what(7)

/* A block instruction that goes on is run again. */
#define REPEAT(condition)                                                                         \
  do {                                                                                            \
    if (condition) pc -= 2, cycles += 5;                                                          \
  } while (0)
/* Bits 5 and 3 while LDIR and CPIR go on are bits 13 and 11 of PC. */
#define REPEAT_WITH_PC(condition)                                                                 \
  do {                                                                                            \
    if (condition) pc -= 2, cycles += 5, f = (uint8_t)((f & ~XY) | (pc >> 8 & XY));               \
  } while (0)

#define MOVE_BYTE(step)                                                                           \
  do {                                                                                            \
    u = READ(HL);                                                                                 \
    WRITE(DE, u);                                                                                 \
    SET_HL(HL + (step));                                                                          \
    SET_DE(DE + (step));                                                                          \
    SET_BC(BC - 1);                                                                               \
    u = (uint8_t)(u + a);                                                                         \
    f = (uint8_t)((f & (SF | ZF | CF)) | (u & 0x08) | (u << 4 & 0x20) | (BC ? PF : 0));           \
    cycles += 16;                                                                                 \
  } while (0)

#define COMPARE_BYTE(step)                                                                        \
  do {                                                                                            \
    u = READ(HL);                                                                                 \
    v = (uint8_t)(a - u);                                                                         \
    SET_HL(HL + (step));                                                                          \
    SET_BC(BC - 1);                                                                               \
    f = (uint8_t)((f & CF) | NF | (sz[v] & (SF | ZF)) | ((a ^ u ^ v) & HF) | (BC ? PF : 0));      \
    v = (uint8_t)(v - (f >> 4 & 1));                                                              \
    f |= (uint8_t)((v & 0x08) | (v << 4 & 0x20));                                                 \
    cycles += 16;                                                                                 \
  } while (0)

/* `beside` is C ± 1 for INI and IND, and L for OUTI and OUTD. */
#define PORT_FLAGS(beside)                                                                        \
  do {                                                                                            \
    t = (uint16_t)(u + (uint8_t)(beside));                                                        \
    f = (uint8_t)(sz[b] | (u >> 6 & NF) | (t > 0xff ? HF | CF : 0) | (szp[(t & 7) ^ b] & PF));    \
  } while (0)

#define INPUT_BYTE(step)                                                                          \
  do {                                                                                            \
    u = read_port(c);                                                                             \
    WRITE(HL, u);                                                                                 \
    b--;                                                                                          \
    SET_HL(HL + (step));                                                                          \
    PORT_FLAGS(c + (step));                                                                       \
    cycles += 16;                                                                                 \
  } while (0)

#define OUTPUT_BYTE(step)                                                                         \
  do {                                                                                            \
    u = READ(HL);                                                                                 \
    b--;                                                                                          \
    write_port(c, u);                                                                             \
    SET_HL(HL + (step));                                                                          \
    PORT_FLAGS(l);                                                                                \
    cycles += 16;                                                                                 \
  } while (0)

#define INPUT(register) (register = read_port(c), f = (f & CF) | szp[register], cycles += 12)
#define OUTPUT(value) (write_port(c, value), cycles += 12)

/* (IX+d) */
#define INDEXED (at = (uint16_t)(index + (int8_t)FETCH()))

static void unknown(const char *page, uint8_t opcode, uint16_t pc) {
  fprintf(stderr, "z80-interpreter: undocumented opcode%s $%02x before $%04x\n", page, opcode, pc);
  exit(1);
}

static uint64_t run(Registers *registers, uint64_t limit) {
  uint16_t pc = registers->pc, sp = registers->sp, ix = registers->ix, iy = registers->iy;
  uint8_t a = registers->af >> 8, f = (uint8_t)registers->af;
  uint8_t b = registers->bc >> 8, c = (uint8_t)registers->bc;
  uint8_t d = registers->de >> 8, e = (uint8_t)registers->de;
  uint8_t h = registers->hl >> 8, l = (uint8_t)registers->hl;
  uint16_t af_ = registers->af_, bc_ = registers->bc_, de_ = registers->de_, hl_ = registers->hl_;
  uint8_t i = 0, r = 0, iff1 = 0, iff2 = 0, u, v, opcode;
  uint16_t t, w, at, index;
  unsigned wide;
  uint64_t cycles = 0;
  make_tables();
  while (cycles < limit) {
    switch (opcode = FETCH()) {
      LOADS(0x40, b);
      LOADS(0x48, c);
      LOADS(0x50, d);
      LOADS(0x58, e);
      LOADS(0x60, h);
      LOADS(0x68, l);
      LOADS(0x78, a);
      case 0x70: WRITE(HL, b); cycles += 7; break;
      case 0x71: WRITE(HL, c); cycles += 7; break;
      case 0x72: WRITE(HL, d); cycles += 7; break;
      case 0x73: WRITE(HL, e); cycles += 7; break;
      case 0x74: WRITE(HL, h); cycles += 7; break;
      case 0x75: WRITE(HL, l); cycles += 7; break;
      case 0x77: WRITE(HL, a); cycles += 7; break;
      case 0x06: b = FETCH(); cycles += 7; break;
      case 0x0e: c = FETCH(); cycles += 7; break;
      case 0x16: d = FETCH(); cycles += 7; break;
      case 0x1e: e = FETCH(); cycles += 7; break;
      case 0x26: h = FETCH(); cycles += 7; break;
      case 0x2e: l = FETCH(); cycles += 7; break;
      case 0x36: WRITE(HL, FETCH()); cycles += 10; break;
      case 0x3e: a = FETCH(); cycles += 7; break;

      case 0x01: SET_BC(FETCH_WORD()); cycles += 10; break;
      case 0x11: SET_DE(FETCH_WORD()); cycles += 10; break;
      case 0x21: SET_HL(FETCH_WORD()); cycles += 10; break;
      case 0x31: sp = FETCH_WORD(); cycles += 10; break;
      case 0x02: WRITE(BC, a); cycles += 7; break;
      case 0x12: WRITE(DE, a); cycles += 7; break;
      case 0x0a: a = READ(BC); cycles += 7; break;
      case 0x1a: a = READ(DE); cycles += 7; break;
      case 0x22: at = FETCH_WORD(); WRITE_WORD(at, HL); cycles += 16; break;
      case 0x2a: at = FETCH_WORD(); SET_HL(READ_WORD(at)); cycles += 16; break;
      case 0x32: at = FETCH_WORD(); WRITE(at, a); cycles += 13; break;
      case 0x3a: at = FETCH_WORD(); a = READ(at); cycles += 13; break;
      case 0xf9: sp = HL; cycles += 6; break;

      ARITHMETIC(0x80, ADD_PLAIN);
      ARITHMETIC(0x88, ADD_CARRY);
      ARITHMETIC(0x90, SUBTRACT_PLAIN);
      ARITHMETIC(0x98, SUBTRACT_CARRY);
      ARITHMETIC(0xa0, AND);
      ARITHMETIC(0xa8, XOR);
      ARITHMETIC(0xb0, OR);
      ARITHMETIC(0xb8, COMPARE);

      case 0x04: b = INCREMENT(b); cycles += 4; break;
      case 0x0c: c = INCREMENT(c); cycles += 4; break;
      case 0x14: d = INCREMENT(d); cycles += 4; break;
      case 0x1c: e = INCREMENT(e); cycles += 4; break;
      case 0x24: h = INCREMENT(h); cycles += 4; break;
      case 0x2c: l = INCREMENT(l); cycles += 4; break;
      case 0x34: WRITE(HL, INCREMENT(READ(HL))); cycles += 11; break;
      case 0x3c: a = INCREMENT(a); cycles += 4; break;
      case 0x05: b = DECREMENT(b); cycles += 4; break;
      case 0x0d: c = DECREMENT(c); cycles += 4; break;
      case 0x15: d = DECREMENT(d); cycles += 4; break;
      case 0x1d: e = DECREMENT(e); cycles += 4; break;
      case 0x25: h = DECREMENT(h); cycles += 4; break;
      case 0x2d: l = DECREMENT(l); cycles += 4; break;
      case 0x35: WRITE(HL, DECREMENT(READ(HL))); cycles += 11; break;
      case 0x3d: a = DECREMENT(a); cycles += 4; break;

      case 0x03: SET_BC(BC + 1); cycles += 6; break;
      case 0x13: SET_DE(DE + 1); cycles += 6; break;
      case 0x23: SET_HL(HL + 1); cycles += 6; break;
      case 0x33: sp++; cycles += 6; break;
      case 0x0b: SET_BC(BC - 1); cycles += 6; break;
      case 0x1b: SET_DE(DE - 1); cycles += 6; break;
      case 0x2b: SET_HL(HL - 1); cycles += 6; break;
      case 0x3b: sp--; cycles += 6; break;
      case 0x09: SET_HL(ADD_WORD(HL, BC)); cycles += 11; break;
      case 0x19: SET_HL(ADD_WORD(HL, DE)); cycles += 11; break;
      case 0x29: SET_HL(ADD_WORD(HL, HL)); cycles += 11; break;
      case 0x39: SET_HL(ADD_WORD(HL, sp)); cycles += 11; break;

      case 0x07: ROTATE_A(a << 1 | a >> 7, a >> 7); cycles += 4; break;
      case 0x0f: ROTATE_A(a >> 1 | a << 7, a & 1); cycles += 4; break;
      case 0x17: ROTATE_A(a << 1 | (f & CF), a >> 7); cycles += 4; break;
      case 0x1f: ROTATE_A(a >> 1 | (f & CF) << 7, a & 1); cycles += 4; break;
      case 0x27: DAA(); cycles += 4; break;
      case 0x2f: a = (uint8_t)~a; f = (f & (SF | ZF | PF | CF)) | (a & XY) | HF | NF; cycles += 4; break;
      case 0x37: f = (f & (SF | ZF | PF)) | (a & XY) | CF; cycles += 4; break;
      case 0x3f: f = (uint8_t)((f & (SF | ZF | PF)) | (a & XY) | (f & CF ? HF : CF)); cycles += 4; break;

      case 0x00: cycles += 4; break;
      case 0x76: pc--; cycles += 4; break;
      case 0xf3: iff1 = iff2 = 0; cycles += 4; break;
      case 0xfb: iff1 = iff2 = 1; cycles += 4; break;
      case 0x08: t = (uint16_t)(a << 8 | f); a = af_ >> 8; f = (uint8_t)af_; af_ = t; cycles += 4; break;
      case 0xd9:
        t = BC, SET_BC(bc_), bc_ = t;
        t = DE, SET_DE(de_), de_ = t;
        t = HL, SET_HL(hl_), hl_ = t;
        cycles += 4;
        break;
      case 0xeb: t = DE; SET_DE(HL); SET_HL(t); cycles += 4; break;
      case 0xe3: index = READ_WORD(sp); WRITE_WORD(sp, HL); SET_HL(index); cycles += 19; break;

      case 0x10:
        b--;
        cycles++;
        JUMP_RELATIVE(b);
        break;
      case 0x18: JUMP_RELATIVE(1); break;
      case 0x20: JUMP_RELATIVE(!(f & ZF)); break;
      case 0x28: JUMP_RELATIVE(f & ZF); break;
      case 0x30: JUMP_RELATIVE(!(f & CF)); break;
      case 0x38: JUMP_RELATIVE(f & CF); break;
      CONDITIONS(0xc0, RETURN);
      CONDITIONS(0xc2, JUMP);
      CONDITIONS(0xc4, CALL);
      case 0xc3: JUMP(1); break;
      case 0xc9: pc = POP(); cycles += 10; break;
      case 0xcd: CALL(1); break;
      case 0xe9: pc = HL; cycles += 4; break;
      case 0xc7: RST(0x00); break;
      case 0xcf: RST(0x08); break;
      case 0xd7: RST(0x10); break;
      case 0xdf: RST(0x18); break;
      case 0xe7: RST(0x20); break;
      case 0xef: RST(0x28); break;
      case 0xf7: RST(0x30); break;
      case 0xff: RST(0x38); break;

      case 0xc5: PUSH(BC); cycles += 11; break;
      case 0xd5: PUSH(DE); cycles += 11; break;
      case 0xe5: PUSH(HL); cycles += 11; break;
      case 0xf5: PUSH(a << 8 | f); cycles += 11; break;
      case 0xc1: SET_BC(POP()); cycles += 10; break;
      case 0xd1: SET_DE(POP()); cycles += 10; break;
      case 0xe1: SET_HL(POP()); cycles += 10; break;
      case 0xf1: t = POP(); a = t >> 8; f = (uint8_t)t; cycles += 10; break;

      case 0xd3: write_port(FETCH(), a); cycles += 11; break;
      case 0xdb: a = read_port(FETCH()); cycles += 11 + waited; waited = 0; break;

      case 0xcb:
        switch (opcode = FETCH()) {
          MODIFY(0x00, RLC);
          MODIFY(0x08, RRC);
          MODIFY(0x10, RL);
          MODIFY(0x18, RR);
          MODIFY(0x20, SLA);
          MODIFY(0x28, SRA);
          MODIFY(0x38, SRL);
          EIGHT(TEST);
          EIGHT(RESET);
          EIGHT(SET);
          default: unknown(" $cb", opcode, pc);
        }
        break;

      case 0xed:
        switch (opcode = FETCH()) {
          case 0x40: INPUT(b); break;
          case 0x48: INPUT(c); break;
          case 0x50: INPUT(d); break;
          case 0x58: INPUT(e); break;
          case 0x60: INPUT(h); break;
          case 0x68: INPUT(l); break;
          case 0x78: INPUT(a); break;
          case 0x41: OUTPUT(b); break;
          case 0x49: OUTPUT(c); break;
          case 0x51: OUTPUT(d); break;
          case 0x59: OUTPUT(e); break;
          case 0x61: OUTPUT(h); break;
          case 0x69: OUTPUT(l); break;
          case 0x79: OUTPUT(a); break;

          case 0x42: SBC_HL(BC); break;
          case 0x52: SBC_HL(DE); break;
          case 0x62: SBC_HL(HL); break;
          case 0x72: SBC_HL(sp); break;
          case 0x4a: ADC_HL(BC); break;
          case 0x5a: ADC_HL(DE); break;
          case 0x6a: ADC_HL(HL); break;
          case 0x7a: ADC_HL(sp); break;
          case 0x43: at = FETCH_WORD(); WRITE_WORD(at, BC); cycles += 20; break;
          case 0x53: at = FETCH_WORD(); WRITE_WORD(at, DE); cycles += 20; break;
          case 0x73: at = FETCH_WORD(); WRITE_WORD(at, sp); cycles += 20; break;
          case 0x4b: at = FETCH_WORD(); SET_BC(READ_WORD(at)); cycles += 20; break;
          case 0x5b: at = FETCH_WORD(); SET_DE(READ_WORD(at)); cycles += 20; break;
          case 0x7b: at = FETCH_WORD(); sp = READ_WORD(at); cycles += 20; break;

          case 0x44: v = a; a = 0; SUBTRACT(v, 0); cycles += 8; break;
          case 0x45: case 0x4d: iff1 = iff2; pc = POP(); cycles += 14; break;
          case 0x46: case 0x56: case 0x5e: cycles += 8; break;
          case 0x47: i = a; cycles += 9; break;
          case 0x4f: r = a; cycles += 9; break;
          case 0x57: a = i; f = (uint8_t)((f & CF) | sz[a] | (iff2 ? PF : 0)); cycles += 9; break;
          case 0x5f: a = r; f = (uint8_t)((f & CF) | sz[a] | (iff2 ? PF : 0)); cycles += 9; break;
          case 0x67:
            u = READ(HL);
            WRITE(HL, a << 4 | u >> 4);
            a = (a & 0xf0) | (u & 0x0f);
            f = (f & CF) | szp[a];
            cycles += 18;
            break;
          case 0x6f:
            u = READ(HL);
            WRITE(HL, u << 4 | (a & 0x0f));
            a = (a & 0xf0) | u >> 4;
            f = (f & CF) | szp[a];
            cycles += 18;
            break;

          case 0xa0: MOVE_BYTE(1); break;
          case 0xa8: MOVE_BYTE(-1); break;
          case 0xb0: MOVE_BYTE(1); REPEAT_WITH_PC(BC); break;
          case 0xb8: MOVE_BYTE(-1); REPEAT_WITH_PC(BC); break;
          case 0xa1: COMPARE_BYTE(1); break;
          case 0xa9: COMPARE_BYTE(-1); break;
          case 0xb1: COMPARE_BYTE(1); REPEAT_WITH_PC(BC && !(f & ZF)); break;
          case 0xb9: COMPARE_BYTE(-1); REPEAT_WITH_PC(BC && !(f & ZF)); break;
          case 0xa2: INPUT_BYTE(1); break;
          case 0xaa: INPUT_BYTE(-1); break;
          case 0xb2: INPUT_BYTE(1); REPEAT(b); break;
          case 0xba: INPUT_BYTE(-1); REPEAT(b); break;
          case 0xa3: OUTPUT_BYTE(1); break;
          case 0xab: OUTPUT_BYTE(-1); break;
          case 0xb3: OUTPUT_BYTE(1); REPEAT(b); break;
          case 0xbb: OUTPUT_BYTE(-1); REPEAT(b); break;
          default: unknown(" $ed", opcode, pc);
        }
        break;

      case 0xdd: case 0xfd: {
        int is_ix = opcode == 0xdd;
        index = is_ix ? ix : iy;
        switch (opcode = FETCH()) {
          case 0x09: index = ADD_WORD(index, BC); cycles += 15; break;
          case 0x19: index = ADD_WORD(index, DE); cycles += 15; break;
          case 0x29: index = ADD_WORD(index, index); cycles += 15; break;
          case 0x39: index = ADD_WORD(index, sp); cycles += 15; break;
          case 0x21: index = FETCH_WORD(); cycles += 14; break;
          case 0x22: at = FETCH_WORD(); WRITE_WORD(at, index); cycles += 20; break;
          case 0x2a: at = FETCH_WORD(); index = READ_WORD(at); cycles += 20; break;
          case 0x23: index++; cycles += 10; break;
          case 0x2b: index--; cycles += 10; break;
          case 0x34: INDEXED; WRITE(at, INCREMENT(READ(at))); cycles += 23; break;
          case 0x35: INDEXED; WRITE(at, DECREMENT(READ(at))); cycles += 23; break;
          case 0x36: INDEXED; WRITE(at, FETCH()); cycles += 19; break;
          case 0x46: INDEXED; b = READ(at); cycles += 19; break;
          case 0x4e: INDEXED; c = READ(at); cycles += 19; break;
          case 0x56: INDEXED; d = READ(at); cycles += 19; break;
          case 0x5e: INDEXED; e = READ(at); cycles += 19; break;
          case 0x66: INDEXED; h = READ(at); cycles += 19; break;
          case 0x6e: INDEXED; l = READ(at); cycles += 19; break;
          case 0x7e: INDEXED; a = READ(at); cycles += 19; break;
          case 0x70: INDEXED; WRITE(at, b); cycles += 19; break;
          case 0x71: INDEXED; WRITE(at, c); cycles += 19; break;
          case 0x72: INDEXED; WRITE(at, d); cycles += 19; break;
          case 0x73: INDEXED; WRITE(at, e); cycles += 19; break;
          case 0x74: INDEXED; WRITE(at, h); cycles += 19; break;
          case 0x75: INDEXED; WRITE(at, l); cycles += 19; break;
          case 0x77: INDEXED; WRITE(at, a); cycles += 19; break;
          case 0x86: INDEXED; ADD(READ(at), 0); cycles += 19; break;
          case 0x8e: INDEXED; ADD(READ(at), f & CF); cycles += 19; break;
          case 0x96: INDEXED; SUBTRACT(READ(at), 0); cycles += 19; break;
          case 0x9e: INDEXED; SUBTRACT(READ(at), f & CF); cycles += 19; break;
          case 0xa6: INDEXED; AND(READ(at)); cycles += 19; break;
          case 0xae: INDEXED; XOR(READ(at)); cycles += 19; break;
          case 0xb6: INDEXED; OR(READ(at)); cycles += 19; break;
          case 0xbe: INDEXED; COMPARE(READ(at)); cycles += 19; break;
          case 0xe1: index = POP(); cycles += 14; break;
          case 0xe3: at = READ_WORD(sp); WRITE_WORD(sp, index); index = at; cycles += 23; break;
          case 0xe5: PUSH(index); cycles += 15; break;
          case 0xe9: pc = index; cycles += 8; break;
          case 0xf9: sp = index; cycles += 10; break;
          case 0xcb:
            INDEXED;
            u = FETCH();
            if ((u & 7) != 6) unknown(" $dd/$fd $cb", u, pc);
            switch (u >> 6) {
              case 1: BIT(u >> 3 & 7, READ(at), at >> 8); cycles += 20; break;
              case 2: READ(at) &= (uint8_t)~(1 << (u >> 3 & 7)); cycles += 23; break;
              case 3: READ(at) |= (uint8_t)(1 << (u >> 3 & 7)); cycles += 23; break;
              default:
                switch (opcode = u) {
                  case 0x06: WRITE(at, RLC(READ(at))); break;
                  case 0x0e: WRITE(at, RRC(READ(at))); break;
                  case 0x16: WRITE(at, RL(READ(at))); break;
                  case 0x1e: WRITE(at, RR(READ(at))); break;
                  case 0x26: WRITE(at, SLA(READ(at))); break;
                  case 0x2e: WRITE(at, SRA(READ(at))); break;
                  case 0x3e: WRITE(at, SRL(READ(at))); break;
                  default: unknown(" $dd/$fd $cb", opcode, pc);
                }
                cycles += 23;
            }
            break;
          default: unknown(" $dd/$fd", opcode, pc);
        }
        if (is_ix) ix = index;
        else iy = index;
        break;
      }
    }
  }
  (void)iff1;
  *registers = (Registers){pc, sp, (uint16_t)(a << 8 | f), BC, DE, HL, ix, iy, af_, bc_, de_, hl_};
  return cycles;
}
