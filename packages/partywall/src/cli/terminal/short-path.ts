import { isAbsolute, relative } from 'node:path'

/** A file or folder as one would name it here. Not every source of migrations is a folder: other names stay. */
export function shortPath(path: string): string {
  return isAbsolute(path) ? relative(process.cwd(), path) || '.' : path
}
