import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Make a folder, and those above it. Node's `recursive` tries for ever below /proc, where there is the parent and no folder can be made. */
export async function makeFolder(path: string): Promise<void> {
  const make = async (): Promise<boolean> => {
    try {
      await mkdir(path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return true;
      const parent = dirname(path);
      const isThere = await stat(parent).then(
        () => true,
        () => false,
      );
      if (codeOf(error) !== 'ENOENT' || isThere || parent === path) throw error;
      return false;
    }
    return true;
  };
  if (await make()) return;
  await makeFolder(dirname(path));
  await make();
}
