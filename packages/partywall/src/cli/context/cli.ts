/**
 * What a command is given: a place for its result, prompts, and the tenancy of the project that it is called in. The tenancy is loaded when it is opened, so
 * that help and wrong usage are printed at once.
 */
import { dirname, resolve } from 'node:path'
import type { Tenancy } from '../../tenancy.ts'
import { projectRoot } from '../../config/project-root.ts'
import { findConfig, loadConfig } from './config-file.ts'
import { lookUpAdvice } from './look-up-advice.ts'
import { UsageError } from '../terminal/failure.ts'
import { Output } from '../terminal/output.ts'
import { Prompts } from '../terminal/prompts.ts'
import { Signals } from '../terminal/signals.ts'

/** The flags of every command. */
export interface GlobalFlags {
  readonly config?: string
  readonly json?: boolean
  readonly input: boolean
  readonly verbose?: boolean
}

export const globalFlags: ReadonlySet<string> = new Set<keyof GlobalFlags>(['config', 'json', 'input', 'verbose'])

export class Cli {
  readonly out: Output
  readonly ask: Prompts
  readonly signals = new Signals()
  /** The words after `--`. */
  readonly passedOn: readonly string[]
  exitCode = 0
  /** Set when a command begins. */
  flags: GlobalFlags = { input: true }
  #tenancy: Promise<Tenancy> | undefined
  #endWork: (() => Promise<void>) | undefined

  constructor(args: readonly string[]) {
    // Read before the arguments are parsed: an error in the arguments must already be printed in the right form.
    const end = args.includes('--') ? args.indexOf('--') : args.length
    const flags = new Set(args.slice(0, end))
    this.passedOn = args.slice(end + 1)
    this.out = new Output({ isJson: flags.has('--json'), isVerbose: flags.has('--verbose') })
    this.ask = new Prompts(() => this.flags.input)
  }

  /** Some of the work failed; the printed result says what. */
  fail(): void {
    this.exitCode = 1
  }

  /**
   * The tenancy that the project's config describes. Does not connect yet.
   * @throws UsageError, TenancyError INVALID_OPTION
   */
  tenancy(): Promise<Tenancy> {
    this.#tenancy ??= this.#openTenancy()
    return this.#tenancy
  }

  /** Adds to an error what helps its reader and costs queries. */
  async addAdvice(failure: unknown): Promise<void> {
    const tenancy = await this.#tenancy?.catch(() => undefined)
    if (tenancy !== undefined) await lookUpAdvice(tenancy, failure)
  }

  /** What a command has to do first when it is interrupted. */
  whenInterrupted(endWork: () => Promise<void>): void {
    this.#endWork = endWork
  }

  /** Cancels what runs on the server, and resolves when the server has answered. */
  async interrupt(): Promise<void> {
    await this.#endWork?.()
    const tenancy = await this.#tenancy?.catch(() => undefined)
    if (tenancy === undefined) return
    const { databaseOf } = await import('../../tenancy.ts')
    await databaseOf(tenancy).interrupt()
  }

  /** Closes what was opened; the embedded server stops when no other process uses it. */
  async close(): Promise<void> {
    const tenancy = await this.#tenancy?.catch(() => undefined)
    await tenancy?.close()
  }

  async #openTenancy(): Promise<Tenancy> {
    const file = findConfig(process.cwd(), this.flags.config)
    const config = await loadConfig(file)
    const folder = dirname(file)
    const { createTenancy, keepQuiet } = await import('../../tenancy.ts')
    try {
      const tenancy = createTenancy({
        ...config,
        root: typeof config.root === 'string' ? resolve(folder, config.root) : projectRoot(folder),
      })
      keepQuiet(tenancy)
      tenancy.on('embedded.progress', ({ line }) => this.out.say(line))
      return tenancy
    } catch (error) {
      throw UsageError.inConfig(file, error)
    }
  }
}
