/*
 * What the programs that run Z80 code share: memory, the ports of z80pack's console and disks, and the command line.
 *
 *     PROGRAM IMAGE PC CYCLES [DRIVE-A DRIVE-I TYPED]
 *
 * runs the 64 KiB image from PC, all other registers 0, to the first instruction boundary at or after so many T-states.
 * It prints nanoseconds of CPU time, T-states, PC, SP, AF, BC, DE, HL, IX, IY, AF', BC', DE' and HL' in decimal on one
 * line, after it the memory, and after that what was put out on the console.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
  uint16_t pc, sp, af, bc, de, hl, ix, iy, af_, bc_, de_, hl_;
} Registers;

static uint8_t memory[0x10000];

/* Runs to the first instruction boundary at or after so many T-states; gives how many they were. */
static uint64_t run(Registers *registers, uint64_t limit);

typedef struct {
  uint8_t *bytes;
  size_t size;
} File;

static File drive_a, drive_i, typed;
static size_t taken, printed;
static char output[0x10000];
static uint8_t drive, track, status;
static uint16_t sector, address;

/* T-states that an IN has taken for longer than it does. */
static unsigned waited;

#define NOTHING_WAITS 0x00
#define OK 0
#define NO_DRIVE 1
#define SECTOR 128

static uint8_t transfer(uint8_t command) {
  File *disk = drive == 0 ? &drive_a : drive == 8 ? &drive_i : NULL;
  if (!disk) return NO_DRIVE;
  size_t offset = ((size_t)track * (drive == 0 ? 26 : 128) + sector - 1) * SECTOR;
  if (command > 1 || offset + SECTOR > disk->size) {
    fprintf(stderr, "disk: command %d, track %d, sector %d\n", command, track, sector);
    exit(1);
  }
  for (int index = 0; index < SECTOR; index++) {
    uint8_t *guest = &memory[(uint16_t)(address + index)], *host = &disk->bytes[offset + index];
    if (command == 0) *guest = *host;
    else *host = *guest;
  }
  return OK;
}

static uint8_t read_port(uint8_t port) {
  switch (port) {
    /* Characters are held back until the guest can do nothing without: programs look for a key that interrupts them. */
    case 0: return NOTHING_WAITS;
    case 1: /* the instruction is run again once there is a character */
      waited += 11;
      return taken < typed.size ? typed.bytes[taken++] : 0;
    case 14: return status;
    default: return 0xff;
  }
}

static void write_port(uint8_t port, uint8_t value) {
  switch (port) {
    case 1:
      if (printed < sizeof output) output[printed++] = (char)value;
      break;
    case 10: drive = value; break;
    case 11: track = value; break;
    case 12: sector = (uint16_t)((sector & 0xff00) | value); break;
    case 13: status = transfer(value); break;
    case 15: address = (uint16_t)((address & 0xff00) | value); break;
    case 16: address = (uint16_t)((address & 0x00ff) | value << 8); break;
    case 17: sector = (uint16_t)((sector & 0x00ff) | value << 8); break;
  }
}

static File read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) perror(path), exit(2);
  fseek(file, 0, SEEK_END);
  File read = {.size = (size_t)ftell(file)};
  rewind(file);
  read.bytes = malloc(read.size);
  if (!read.bytes || fread(read.bytes, 1, read.size, file) != read.size) perror(path), exit(2);
  fclose(file);
  return read;
}

int main(int count, char **arguments) {
  if (count != 4 && count != 7) {
    return fprintf(stderr, "usage: %s IMAGE PC CYCLES [DRIVE-A DRIVE-I TYPED]\n", arguments[0]), 2;
  }
  File image = read_file(arguments[1]);
  for (size_t index = 0; index < sizeof memory && index < image.size; index++) memory[index] = image.bytes[index];
  if (count == 7) {
    drive_a = read_file(arguments[4]);
    drive_i = read_file(arguments[5]);
    typed = read_file(arguments[6]);
  }
  Registers registers = {.pc = (uint16_t)atoi(arguments[2])};
  struct timespec before, after;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  uint64_t cycles = run(&registers, strtoull(arguments[3], NULL, 10));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  int64_t nanoseconds = (after.tv_sec - before.tv_sec) * 1000000000LL + (after.tv_nsec - before.tv_nsec);
  printf("%lld %llu %d %d %d %d %d %d %d %d %d %d %d %d\n", (long long)nanoseconds, (unsigned long long)cycles,
         registers.pc, registers.sp, registers.af, registers.bc, registers.de, registers.hl, registers.ix, registers.iy,
         registers.af_, registers.bc_, registers.de_, registers.hl_);
  fwrite(memory, 1, sizeof memory, stdout);
  fwrite(output, 1, printed, stdout);
  return 0;
}
