/** `npm create partywall`: asks what the project is made of, writes it, and says what to run. It uses no network of its own. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { choose } from './choose.ts'
import { frameworks, type Choice } from './choices.ts'
import { Failure } from './failure.ts'
import { flagsOf, help } from './flags.ts'
import { install, packageManager } from './package-manager.ts'
import { projectFiles } from './project.ts'
import { writeProject } from './write.ts'

/** Sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await run(args)
  } catch (error) {
    const known = error instanceof Failure ? error : systemFailure(error)
    console.error(`create-partywall: ${known.message}`)
    process.exitCode = known.exitCode
  }
}

async function run(args: readonly string[]): Promise<void> {
  const flags = flagsOf(args)
  if (flags.help) return console.log(help)
  if (flags.version) return console.log(ownVersion())
  const { choice, target } = await choose(flags)
  const files = projectFiles(choice)
  writeProject(target, files)
  const where = relative(process.cwd(), target.folder)
  console.log(`\n${choice.name}: ${files.size} files${where === '' ? '' : ` in ${where}`}, ${frameworks[choice.framework]}.`)
  if (flags.install) install(target.folder, packageManager())
  console.log(nextSteps(choice, where, flags.install))
}

function nextSteps({ auth }: Choice, where: string, isInstalled: boolean): string {
  const manager = packageManager()
  const runs = manager === 'npm' ? 'npm' : `${manager} run`
  return [
    '',
    ...(where === '' ? [] : [`  cd ${/^[\w./-]+$/.test(where) ? where : JSON.stringify(where)}`]),
    ...(isInstalled ? [] : [`  ${manager} install`]),
    `  ${runs} start     two demo tenants, acme and globex, on http://localhost:3000`,
    `  ${runs} test      two tenants that must not see each other`,
    '',
    `README.md has requests to try${auth === 'none' ? '' : ', and the user to sign in with'}.`,
  ].join('\n')
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

/** What the file system refuses is no bug of this program. */
function systemFailure(error: unknown): Failure {
  if (error instanceof Error && 'syscall' in error) return new Failure(`${error.message}. Nothing was written.`)
  throw error
}
