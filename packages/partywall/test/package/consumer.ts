/** A TypeScript project that has installed the package. A registration counts for a whole program, so each such test is a program of its own. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tsc } from './declarations.ts'

/** What tsc reports about a project with these files; nothing when it compiles. The folder must not exist. */
export async function compileProject(
  folder: string,
  files: Readonly<Record<string, string>>,
  options: object = { module: 'nodenext', moduleResolution: 'nodenext' },
): Promise<string> {
  await mkdir(folder)
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...common, ...options }, include: ['*.ts'] }),
  )
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return stdout + stderr
}

const common = {
  target: 'es2022',
  types: ['node'],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
}
