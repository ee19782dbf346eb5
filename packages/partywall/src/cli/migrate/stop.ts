/**
 * Ctrl-C or a kill while migrations run. After the first signal, running schemas finish and no other starts; a second signal
 * exits at once. In both cases a schema is migrated as a whole or not at all, but only after the first is there a report.
 */
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { listed } from '../terminal/printable.ts'
import type { SignalName } from '../terminal/signals.ts'

const namesShown = 5

export class MigrationStop {
  readonly #abort = new AbortController()
  readonly #cli: Cli
  readonly #resume: string
  /** By tenant id, which stays the same when a tenant is renamed. */
  readonly #running = new Map<string, string>()
  #isOver = false

  /** @param resume the command that finishes the rest */
  constructor(cli: Cli, tenancy: Tenancy, resume: string) {
    this.#cli = cli
    this.#resume = resume
    // Before the run has started, a signal ends the command like any other command; if the run still starts, it starts no schema.
    void cli.signals.received.then(() => this.#abort.abort())
    tenancy.on('migrations.started', () => void cli.signals.take().then((name) => this.#stop(name)))
    tenancy.on('migrations.schema.started', ({ target, tenantId }) => this.#running.set(tenantId ?? target, target))
    tenancy.on('migrations.schema.ended', ({ entry }) => this.#running.delete(entry.tenantId ?? entry.target))
    tenancy.on('migrations.ended', () => (this.#isOver = true))
  }

  /** Aborted at the first signal. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  #stop(name: SignalName): void {
    this.#abort.abort()
    const { out } = this.#cli
    if (!this.#isOver && !out.isJson) out.say(stopLine(name, [...this.#running.values()], this.#resume))
  }
}

function stopLine(name: SignalName, running: readonly string[], resume: string): string {
  const waiting = running.length === 0 ? '' : `; waiting for ${listed(running, namesShown)} to finish`
  return `${name}: no further schema starts${waiting}. A second signal exits at once. Finish the rest with: ${resume}`
}
