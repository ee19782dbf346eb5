/**
 * Ctrl-C or a kill while migrations run. The first one lets what is under way end, and begins nothing new; a second one ends the process
 * at once. Either way a schema is done as a whole or not at all, but only the first leaves a report.
 */
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { listed } from '../terminal/listed.ts'
import type { SignalName } from '../terminal/signals.ts'

const namesShown = 5

export class MigrationStop {
  readonly #abort = new AbortController()
  readonly #cli: Cli
  readonly #resume: string
  /** By what stays the same when a tenant is renamed. */
  readonly #underWay = new Map<string, string>()
  #isOver = false

  /** @param resume the command that finishes the rest */
  constructor(cli: Cli, tenancy: Tenancy, resume: string) {
    this.#cli = cli
    this.#resume = resume
    // Before anything has begun, a signal ends the command as any other; should the run get that far, it begins nothing.
    void cli.signals.received.then(() => this.#abort.abort())
    tenancy.on('migrations.started', () => void cli.signals.untilTold().then((name) => this.#stop(name)))
    tenancy.on('migrations.schema.started', ({ target, tenantId }) => this.#underWay.set(tenantId ?? target, target))
    tenancy.on('migrations.schema.ended', ({ entry }) => this.#underWay.delete(entry.tenantId ?? entry.target))
    tenancy.on('migrations.ended', () => (this.#isOver = true))
  }

  /** Aborted at the first signal. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  #stop(name: SignalName): void {
    this.#abort.abort()
    const { out } = this.#cli
    if (!this.#isOver && !out.isJson) out.say(stopLine(name, [...this.#underWay.values()], this.#resume))
  }
}

function stopLine(name: SignalName, underWay: readonly string[], resume: string): string {
  const waiting = underWay.length === 0 ? '' : `; waiting for ${listed(underWay, namesShown)} to end`
  return `${name}: nothing new begins${waiting}. A second signal ends at once. To do the rest: ${resume}`
}
