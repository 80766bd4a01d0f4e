/** The ports of z80pack's console and disks, for CPUs that are not ours. native/z80-machine.h has the same in C. */
const SECTOR = 128;
const SECTORS = { a: 26, i: 128 };
const DRIVES = { 0: 'a', 8: 'i' };
const [OK, NO_DRIVE] = [0, 1];

export class Z80pack {
  text = '';
  #hal;
  #drives;
  #typed;
  #drive = 0;
  #track = 0;
  #sector = 0;
  #address = 0;
  #status = OK;

  /** @param hal has `memory` and `tStateCount` */
  constructor(hal, drives, lines) {
    this.#hal = hal;
    this.#drives = { a: Uint8Array.from(drives.a), i: Uint8Array.from(drives.i) };
    this.#typed = [...Buffer.from(lines.map((line) => `${line}\r`).join(''))];
  }

  read(port) {
    // Characters are held back until the guest can do nothing without: programs look for a key that interrupts them.
    if (port === 0) return 0;
    if (port === 14) return this.#status;
    if (port !== 1) return 0xff;
    // The instruction is run again once there is a character.
    this.#hal.tStateCount += 11;
    return this.#typed.shift() ?? 0;
  }

  write(port, value) {
    if (port === 1) this.text += String.fromCharCode(value);
    else if (port === 10) this.#drive = value;
    else if (port === 11) this.#track = value;
    else if (port === 12) this.#sector = (this.#sector & 0xff00) | value;
    else if (port === 13) this.#status = this.#transfer(value);
    else if (port === 15) this.#address = (this.#address & 0xff00) | value;
    else if (port === 16) this.#address = (this.#address & 0x00ff) | (value << 8);
    else if (port === 17) this.#sector = (this.#sector & 0x00ff) | (value << 8);
  }

  #transfer(command) {
    const name = DRIVES[this.#drive];
    if (!name) return NO_DRIVE;
    const disk = this.#drives[name];
    const offset = (this.#track * SECTORS[name] + this.#sector - 1) * SECTOR;
    if (command > 1 || !(offset >= 0) || offset + SECTOR > disk.length) {
      throw new Error(`disk: command ${command}, track ${this.#track}, sector ${this.#sector}`);
    }
    const { memory } = this.#hal;
    for (let index = 0; index < SECTOR; index += 1) {
      const address = (this.#address + index) & 0xffff;
      if (command === 0) memory[address] = disk[offset + index];
      else disk[offset + index] = memory[address];
    }
    return OK;
  }
}
