/** Which packages and programs a project has installed, as npx finds them. */
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** The package.json of an installed package; undefined when it is not installed. */
export function packageOf(root: string, name: string): { readonly version?: unknown } | undefined {
  const file = above(root, join('node_modules', name, 'package.json'))
  return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown })
}

export function hasProgram(root: string, program: string): boolean {
  const names = process.platform === 'win32' ? [`${program}.cmd`, `${program}.exe`] : [program]
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.some(
    (name) =>
      above(root, join('node_modules', '.bin', name)) !== undefined || folders.some((folder) => existsSync(join(folder, name))),
  )
}

/** The file in the folder, or in the nearest one above it. */
function above(folder: string, file: string): string | undefined {
  const path = join(folder, file)
  if (existsSync(path)) return path
  return dirname(folder) === folder ? undefined : above(dirname(folder), file)
}
