/**
 * Ready schemas: each has the structure and the rows of a new tenant, and a new tenant gets one by a rename. A run of migrations migrates them with the
 * tenants. A schema is given away only with what it held when it was examined; in doubt a tenant is made in the ordinary way.
 */
import type { ReadySchema } from '../../catalog/ready/ready-schema.ts'
import { countReady } from '../../catalog/ready/ready-store.ts'
import { tenancyErrorOf } from '../../errors.ts'
import { digestOf, digestsOf } from '../../migrations/history/digest.ts'
import type { FleetTarget, StandInTargets } from '../../migrations/plan/targets.ts'
import { sourceOfKind } from '../../migrations/sources/sources.ts'
import type { Transaction } from '../../ports/database.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { listReady, type ReadyState } from './ready-state.ts'
import { claimReady, type NotClaimed } from './claim.ts'
import { dropReady } from './drop.ts'
import { filesOf, NotReady } from './files-of.ts'
import { makeOne } from './make.ts'
import { Refill } from './refill.ts'
import { resealAll } from './reseal.ts'
import { isSealed } from './seal.ts'
import { sealReader } from './seal-sql.ts'
import { standInOf } from '../templates/stand-in.ts'
import { sizeOf, type WarmParts } from './warm-parts.ts'
import type { Witness } from './witness.ts'

/** What a kind has ready. */
export interface WarmStatus {
  readonly kind: string
  /** How many it should have: the option `warm.size`. */
  readonly size: number
  /** How many a new tenant of this process can get: they have the migrations of its files. */
  readonly ready: number
  /** Those that no tenant of this process can get: they have other migrations, until the next run or until they are dropped. */
  readonly others: number
}

/** The same after `fill`. */
export interface WarmFilled extends WarmStatus {
  /** How many were made by this call. */
  readonly made: number
  /** Why the kind can have none. */
  readonly unusable?: string
}

export class Warm implements StandInTargets {
  /** A person asks for the state of tenants. */
  readonly areListed = false
  readonly #parts: WarmParts
  readonly #refill: Refill
  readonly #witnesses = new Map<string, Witness>()
  readonly #warned = new Set<string>()
  /** Kinds that can have none with these files, and why. */
  readonly #unusable = new Map<string, string>()

  constructor(parts: WarmParts) {
    this.#parts = parts
    this.#refill = new Refill(parts.signal, (kind) => this.#fillQuietly(kind))
  }

  /** Whether new tenants of the kind may get one. */
  isOn(kind: string, digest: string): boolean {
    return sizeOf(this.#parts.options, kind) > 0 && !this.#unusable.has(keyOf(kind, digest))
  }

  /** For a new tenant, in its transaction. @throws NotClaimed */
  claim(transaction: Transaction, kind: string, digest: string): Promise<ReadySchema> {
    return claimReady(transaction, kind, digest)
  }

  /** In the background, after a tenant was made. */
  refill(kind: string): void {
    if (!this.#parts.background.isOff) this.#refill.wake(kind)
  }

  /** The tenant is made in the ordinary way. Never fails. */
  async notClaimed(kind: string, { ready, message, isChanged }: NotClaimed): Promise<void> {
    if (ready === undefined) this.#parts.events.emit('warm.drained', { kind })
    else this.#warn(kind, `The ready schema ${JSON.stringify(ready.schema)} was not given to a new tenant: ${message}`)
    if (ready !== undefined && isChanged) await this.#drop(ready)
  }

  /** When a process starts to serve. */
  start(): void {
    for (const kind of this.#kinds) this.refill(kind)
  }

  /** Makes what kinds lack. */
  async fill(): Promise<WarmFilled[]> {
    const filled: WarmFilled[] = []
    for (const kind of this.#kinds) {
      let made = 0
      let unusable: string | undefined
      try {
        made = await this.#fill(kind, true)
      } catch (error) {
        if (!(error instanceof NotReady)) throw error
        unusable = error.message
      }
      filled.push({ ...(await this.#statusOf(kind)), made, ...(unusable !== undefined && { unusable }) })
    }
    return filled
  }

  /** Kinds that should have some, or have some. */
  async list(): Promise<WarmStatus[]> {
    const states = await listReady(this.#parts.catalog, undefined)
    const kinds = new Set([...this.#kinds, ...states.map(({ ready }) => ready.kind)])
    return Promise.all([...kinds].map((kind) => this.#statusOf(kind)))
  }

  /** All of them, or those of a kind. Returns how many were dropped. */
  async drop(kinds?: readonly string[]): Promise<number> {
    const { deploy } = this.#parts.catalog
    let dropped = 0
    for (const { ready } of await listReady(deploy, kinds)) if (await dropReady(deploy, ready)) dropped += 1
    return dropped
  }

  /** Before a run: those that no tenant could get are not migrated, but dropped. Never fails: tenants do not depend on it. */
  async prepare(kinds: readonly string[] | undefined): Promise<void> {
    const { deploy } = this.#parts.catalog
    for (const { ready, oid, digest } of await this.#states(kinds)) {
      const { seal, schema, kind } = ready
      const isSame =
        oid === seal.oid &&
        digest === seal.digest &&
        seal.reader === sealReader &&
        (await isSealedNow(deploy, ready).catch(() => false))
      if (isSame) continue
      this.#warn(kind, `The ready schema ${JSON.stringify(schema)} was dropped: it was changed since it was made.`)
      await this.#drop(ready)
    }
  }

  /** One query where the option is on. */
  async targets(kinds: readonly string[] | undefined): Promise<readonly FleetTarget[]> {
    const targets: FleetTarget[] = []
    const known = new Map<string, ReadonlySet<string | null>>()
    for (const { ready, oid, digest } of await this.#states(kinds)) {
      const { id, kind, schema, seal, createdAt } = ready
      const source = sourceOfKind(this.#parts.sources, kind)
      // Files that cannot be read are the matter of the run itself.
      if (!known.has(kind)) known.set(kind, new Set(digestsOf(await source.list().catch(() => []))))
      if (oid !== seal.oid || !known.get(kind)!.has(digest)) continue
      targets.push({ target: schema, schema, source, tenant: standInOf(id, schema, kind, createdAt), standIn: 'ready schema' })
    }
    return targets
  }

  /** After a run. Never fails. */
  async examine(failed: ReadonlySet<string>): Promise<void> {
    const states = await this.#states(undefined)
    for (const { ready } of states) if (failed.has(ready.schema)) await this.#drop(ready)
    const changed = states.filter(({ ready, digest }) => digest !== ready.seal.digest && !failed.has(ready.schema))
    for (const [kind, alike] of Map.groupBy(changed, ({ ready }) => ready.kind)) {
      try {
        for (const [{ ready }, reason] of await resealAll(this.#parts, kind, alike)) {
          this.#warn(kind, `The ready schema ${JSON.stringify(ready.schema)} was dropped after the run: ${reason}`)
          await this.#drop(ready)
        }
      } catch (error) {
        this.#warn(kind, `The ready schemas were dropped after the run: ${reasonOf(error)}`)
        for (const { ready } of alike) await this.#drop(ready)
      }
    }
  }

  get #kinds(): readonly string[] {
    return [...this.#parts.sources.kinds.keys()].filter((kind) => sizeOf(this.#parts.options, kind) > 0)
  }

  async #states(kinds: readonly string[] | undefined): Promise<readonly ReadyState[]> {
    const wanted = this.#kinds.filter((kind) => kinds === undefined || kinds.includes(kind))
    return wanted.length === 0 ? [] : listReady(this.#parts.catalog.deploy, wanted)
  }

  async #statusOf(kind: string): Promise<WarmStatus> {
    const { catalog, sources, options } = this.#parts
    const all = await sources.kinds.get(kind)?.list()
    const digest = all === undefined ? '' : (digestsOf(all).at(-1) ?? '')
    const { all: amount, fit } = await countReady(catalog, kind, { digest, reader: sealReader })
    return { kind, size: sizeOf(options, kind), ready: fit, others: amount - fit }
  }

  /** How many were made. @throws NotReady */
  async #fill(kind: string, waits: boolean): Promise<number> {
    const { options, signal, sources } = this.#parts
    const key = keyOf(kind, digestOf(await sourceOfKind(sources, kind).list()))
    const reason = this.#unusable.get(key)
    if (reason !== undefined) throw new NotReady(reason)
    try {
      const files = await filesOf(this.#parts, kind)
      const wanted = { files, size: sizeOf(options, kind), waits, witnesses: this.#witnesses }
      for (let made = 0; ; made++) {
        signal.throwIfAborted()
        if ((await makeOne(this.#parts, wanted)) !== 'made') return made
      }
    } catch (error) {
      if (error instanceof NotReady) this.#unusable.set(key, error.message)
      throw error
    }
  }

  /** In the background: a kind that can have none is not tried again. */
  async #fillQuietly(kind: string): Promise<void> {
    try {
      await this.#fill(kind, false)
    } catch (error) {
      if (this.#parts.signal.aborted) return
      this.#warn(kind, `No schema of the kind ${JSON.stringify(kind)} is kept ready: ${reasonOf(error)}`)
      if (!(error instanceof NotReady)) throw error
    }
  }

  async #drop(ready: ReadySchema): Promise<void> {
    try {
      await dropReady(this.#parts.catalog.deploy, ready)
    } catch (error) {
      this.#warn(ready.kind, `The ready schema ${JSON.stringify(ready.schema)} could not be dropped: ${reasonOf(error)}`)
    }
  }

  /** Each once for the process. */
  #warn(kind: string, text: string): void {
    const key = JSON.stringify([kind, text])
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    process.emitWarning(text, {
      code: 'PARTYWALL_WARM',
      detail: 'New tenants are made from a template or their migrations meanwhile. See docs/errors.md#PARTYWALL_WARM',
    })
  }
}

function keyOf(kind: string, digest: string): string {
  return JSON.stringify([kind, digest])
}

/** In a transaction of its own, because the statement sets a limit for waiting. */
function isSealedNow(deploy: WarmParts['catalog']['deploy'], { schema, seal }: ReadySchema): Promise<boolean> {
  return deploy.transaction(async (transaction) => {
    await transaction.query({ text: `select pg_catalog.set_config('lock_timeout', '2000', true)` })
    return isSealed(transaction, schema, seal, '2000')
  })
}

/** Without the words of the server, which may hold values. */
function reasonOf(error: unknown): string {
  if (error instanceof NotReady) return error.message
  const state = sqlStateOf(error)
  return tenancyErrorOf(error)?.summary ?? (state === undefined ? String(error) : `the server refused it (SQLSTATE ${state}).`)
}
