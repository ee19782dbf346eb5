/**
 * The folder of the project, for a config that does not say `root`: the same for a program that was started in the project, in its build folder
 * or by the command line. Two answers would mean two embedded servers, one of them empty.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

/** The folder of the nearest package.json at `start` or above it; if there is none, of the one at `program` or above it; else `start`. */
export function projectRoot(start: string, program?: string): string {
  const isProgram = program !== undefined && !program.split(sep).includes('node_modules')
  return projectAbove(start) ?? (isProgram ? projectAbove(dirname(program)) : undefined) ?? start
}

function projectAbove(start: string): string | undefined {
  for (let at = start; ; at = dirname(at)) {
    if (isProject(join(at, 'package.json'))) return at
    if (at === dirname(at)) return undefined
  }
}

/** A file that only says which kind of modules a folder holds is written by build tools, and is no project. */
function isProject(file: string): boolean {
  try {
    const keys = Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)
    return keys.length === 0 || keys.some((key) => key !== 'type' && key !== 'sideEffects')
  } catch (error) {
    // One that cannot be read or parsed is still the package.json of a project.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}
