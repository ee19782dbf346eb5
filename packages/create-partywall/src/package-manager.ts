/** The package manager that the caller uses, by the variable that each of them sets for what it runs. */
import { spawnSync } from 'node:child_process'
import { Failure } from './failure.ts'

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

export function packageManager(agent = process.env['npm_config_user_agent'] ?? ''): PackageManager {
  return (['pnpm', 'yarn', 'bun'] as const).find((name) => agent.startsWith(`${name}/`)) ?? 'npm'
}

/** @throws Failure with what the caller can do */
export function install(folder: string, manager: PackageManager): void {
  // npm and the others are scripts on Windows, which only a shell starts. Nothing of the caller is in this line.
  const { status, error } = spawnSync(`${manager} install`, { cwd: folder, stdio: 'inherit', shell: true })
  if (status === 0) return
  throw new Failure(
    `The project was written, and "${manager} install" ${error === undefined ? `ended with ${status}` : 'could not be started'}. Run it in the folder of the project.`,
  )
}
