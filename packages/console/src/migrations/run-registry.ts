/**
 * The runs of this process. Events of a tenancy do not say which run they are about, but each is emitted in the async context of its run: so the run is found by that
 * context. A run without one was begun by the application itself, and is shown like the others.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { MigrationReport, RunOptions } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import { LiveRun } from './live-run.ts'

/** Runs that are over, kept for those who look at them, and to know the ones that gave up. */
const mostKept = 20

const registries = new WeakMap<AnyTenancy, RunRegistry>()

export class RunRegistry {
  readonly #tenancy: AnyTenancy
  readonly #context = new AsyncLocalStorage<LiveRun>()
  readonly #runs: LiveRun[] = []
  #ofApplication: LiveRun | undefined

  private constructor(tenancy: AnyTenancy) {
    this.#tenancy = tenancy
    tenancy.on('migrations.started', (started) => {
      if (this.#context.getStore() === undefined && started.runId !== undefined) this.#ofApplication = this.#add(new LiveRun())
      this.#current()?.begin(started)
    })
    tenancy.on('migrations.schema.started', (started) => this.#current()?.schemaStarted(started))
    tenancy.on('migrations.schema.ended', ({ entry }) => this.#current()?.schemaEnded(entry))
    tenancy.on('migrations.ended', ({ error }) => {
      if (this.#context.getStore() !== undefined) return
      this.#ofApplication?.end(error)
      this.#ofApplication = undefined
    })
  }

  /** One for each tenancy, whatever the number of consoles. */
  static of(tenancy: AnyTenancy): RunRegistry {
    const registry = registries.get(tenancy) ?? new RunRegistry(tenancy)
    registries.set(tenancy, registry)
    return registry
  }

  /** The run that works now. */
  get active(): LiveRun | undefined {
    return this.#runs.find(({ isOver }) => !isOver)
  }

  find(id: string): LiveRun | undefined {
    // A run that was resumed here was here before.
    return this.#runs.findLast((run) => run.id === id)
  }

  /** The run with this id, while it works here. */
  working(id: string): LiveRun | undefined {
    return this.#runs.find((run) => run.id === id && !run.isOver)
  }

  /**
   * Begins a run, which goes on when the request is over. Resolves when it has begun, or when there is nothing to do.
   * @throws what the run throws before it has begun
   */
  async start(options: RunOptions, actor: string): Promise<LiveRun> {
    const run = this.#add(new LiveRun(actor))
    const work = this.#context.run(run, () =>
      this.#tenancy.migrations.run({ ...options, signal: run.signal }),
    ) as Promise<MigrationReport>
    const over = work.then(
      () => run.end(),
      (error: unknown) => {
        run.end(error)
        if (run.id === undefined) throw error
      },
    )
    // What is thrown after the start is told by the run.
    over.catch(() => undefined)
    await Promise.race([run.started, over])
    if (run.isOver) await over
    return run
  }

  #current(): LiveRun | undefined {
    return this.#context.getStore() ?? this.#ofApplication
  }

  #add(run: LiveRun): LiveRun {
    this.#runs.push(run)
    const over = this.#runs.filter(({ isOver }) => isOver)
    for (const old of over.slice(0, Math.max(0, this.#runs.length - mostKept))) this.#runs.splice(this.#runs.indexOf(old), 1)
    return run
  }
}
