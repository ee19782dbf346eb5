/**
 * A new migration in the folder of another tool, whose generator must create it: it keeps a journal or a snapshot, or compares the project's
 * models with a database. Such a database is made for it, with all migrations applied, because it would write what it finds in one of
 * tenants into the file.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { DatabaseAtHead } from '../../migrations/trial/database-at-head.ts'
import type { Cli } from '../context/cli.ts'
import { shortPath } from '../terminal/printable.ts'
import { UsageError } from '../terminal/failure.ts'
import { connectionVariables } from '../context/connection-variables.ts'
import { foldersOf, generatorFor, invalid, type Generator, type Wanted } from './generators.ts'
import { hasProgram } from './installed.ts'
import { NewFiles } from './new-files.ts'

export interface ToolFlags {
  /** Print the command instead. */
  readonly print?: boolean
  /** The variable in which the project has its connection string. */
  readonly env?: string
  readonly url?: string
  readonly embedded?: boolean
  readonly shared?: boolean
}

/**
 * Runs the generator of the tool, and prints the file that it has created.
 * @throws TenancyError INVALID_ARGUMENT for a tool whose generator is not known, NOT_PERMITTED, INVALID_MIGRATION
 */
export async function newByTool(cli: Cli, wanted: Wanted, flags: ToolFlags): Promise<void> {
  const generator = generatorFor(wanted)
  if (generator === undefined) throw onlyNamed(wanted.source)
  const run = new GeneratorRun(cli, wanted, generator, flags)
  if (flags.print === true) return run.print()
  if (!hasProgram(wanted.root, generator.program)) throw notInstalled(run.command, generator, wanted.root)
  await (generator.needsDatabase === true ? run.atHead() : run.alone())
}

class GeneratorRun {
  readonly command: string
  readonly #cli: Cli
  readonly #wanted: Wanted
  readonly #generator: Generator
  readonly #flags: ToolFlags

  constructor(cli: Cli, wanted: Wanted, generator: Generator, flags: ToolFlags) {
    this.#cli = cli
    this.#wanted = wanted
    this.#generator = generator
    this.#flags = flags
    this.command = ['npx', generator.program, ...generator.words].map(quoted).join(' ')
  }

  print(): void {
    const { needsDatabase } = this.#generator
    const variable = this.#variable
    const document = { file: null, command: this.command, ...(needsDatabase && { database: variable }) }
    const made = `# ${variable} names a database that is made for it, with all migrations applied, and dropped afterwards`
    this.#cli.out.result(document, () => (needsDatabase ? `${made}\n${this.command}` : this.command))
  }

  async alone(): Promise<void> {
    const files = await NewFiles.before(this.#folders)
    const code = await this.#run({})
    this.#report(code, await files.made(this.#generator.file))
  }

  async atHead(): Promise<void> {
    const { source } = this.#wanted
    const abort = new AbortController()
    const { stickyLine } = this.#cli.out
    const { url, embedded, shared } = this.#flags
    const options = {
      command: 'migrate new',
      ...(url !== undefined && { server: url }),
      ...(embedded !== undefined && { embedded }),
      isShared: shared === true,
      signal: abort.signal,
      onStage: (stage: string) => stickyLine?.show(() => `${stage} …`),
    }
    const { trialHostOf } = await import('../../tenancy.ts')
    const host = trialHostOf(await this.#cli.tenancy())
    const { withDatabaseAtHead } = await import('../../migrations/trial/database-at-head.ts')
    const work = withDatabaseAtHead(host, source, options, (database) => {
      stickyLine?.hide()
      return this.#with(database, abort.signal)
    })
    this.#cli.whenInterrupted(async () => {
      abort.abort()
      await work.catch(() => {})
    })
    await work.finally(() => stickyLine?.hide())
  }

  async #with(database: DatabaseAtHead, signal: AbortSignal): Promise<void> {
    const files = await NewFiles.before(this.#folders)
    const code = await this.#run(await connectionVariables(database.config, this.#variable, this.#generator.variables), signal)
    const file = await files.made(this.#generator.file)
    await files.rename(database.name, database.standsFor)
    this.#report(code, file)
    if (file === null) return
    if (this.#generator.hasSnapshot !== true && !(await database.wasUsed())) {
      this.#cli.fail()
      this.#cli.out.say(
        `The tool did not connect to the database that was made for it, so it has compared with another one, perhaps with that of the tenants. Delete the new ` +
          `file, let the project read its connection string from ${this.#variable}, or name its own variable with --env.`,
      )
    }
    if (database.hasShared) {
      this.#cli.out.say(
        'The migrations need the shared tables, so the database has them, too. Look whether the new file drops or changes one of them.',
      )
    }
  }

  /** `npx --no` installs nothing. What the tool prints is not the result of this command. */
  async #run(variables: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<number | null> {
    const { program, words } = this.#generator
    const child = spawn('npx', ['--no', '--', program, ...words], {
      cwd: this.#wanted.root,
      env: { ...process.env, ...variables },
      stdio: ['inherit', process.stderr, process.stderr],
    })
    const end = (): void => void child.kill()
    signal?.addEventListener('abort', end, { once: true })
    const [code] = (await once(child, 'close')) as [number | null]
    return code
  }

  #report(code: number | null, file: string | null): void {
    const { writtenCode = 0, program } = this.#generator
    const { command } = this
    // Some tools end with an error when nothing has changed.
    const isDone = code === 0 || code === writtenCode
    if (!isDone) this.#cli.fail()
    const outcome = isDone ? 'has created no file: it found nothing to write' : `ended with exit code ${code ?? 'none'}`
    this.#cli.out.result({ file, command }, () =>
      file === null || !isDone ? `${command}\n${program} ${outcome}` : shortPath(file),
    )
  }

  get #variable(): string {
    return this.#flags.env ?? 'DATABASE_URL'
  }

  get #folders(): readonly string[] {
    const { source } = this.#wanted
    const folders = foldersOf(source)
    return folders.length > 0 ? folders : [source.name]
  }
}

function onlyNamed({ name, makeNew = 'see its manual' }: MigrationSource): Error {
  return invalid('migrations', `The migrations in ${name} belong to another tool, which creates their files: ${makeNew}.`)
}

function notInstalled(command: string, { program, package: name }: Generator, root: string): UsageError {
  return new UsageError(
    `\`${command}\` cannot run, because ${program} is not installed in ${shortPath(root)} or a folder above it. Install it: npm install --save-dev ${name}`,
  )
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
