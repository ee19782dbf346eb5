/** Runs every attack against the configuration of a tenancy, in throw-away tenants, one after another. */
import type { Pool, PoolClient } from 'pg'
import type { PublicOptions } from '../config/options.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { identifier, schemaNameProblem } from '../names/identifier.ts'
import type { Database } from '../ports/database.ts'
import type { Attack, BoundaryName, Outcome } from './groups/attack.ts'
import { notTried } from './groups/judging.ts'
import type { ThrowAway, World } from './groups/world.ts'
import { attacks } from './attacks.ts'
import { broken, isPromised, type AttackEntry, type AttackReport } from './report.ts'
import { schemaOf } from './throw-away-names.ts'
import { dropLeftovers, dropThrowAways, makeThrowAways, newIds, tellLeftBehind, type MakingParts } from './throw-away.ts'
import { mayRunSetConfigSql } from './throw-away-sql.ts'

export interface AttackOptions {
  /** The kind of the throw-away tenants, which decides about their boundary. @default 'default' */
  readonly kind?: string | undefined
  /** Ends the run after the current attack; what was made is removed. */
  readonly signal?: AbortSignal | undefined
  /** Called when an attack starts, with its title. */
  readonly onAttack?: ((title: string) => void) | undefined
}

/** What a run needs of a tenancy. */
export interface AttackHost {
  readonly options: Pick<PublicOptions, 'sharedSchema'>
  /** Owns the schemas of tenants. */
  readonly owner: Database
  readonly give: MakingParts['give']
  /**
   * The kind that is tried, when none was given: that of a tenant that is made without one.
   * @throws TenancyError UNKNOWN_KIND
   */
  checkedKind(given: string | undefined): string
  /** The boundary of a new tenant of this kind. */
  boundaryOf(kind: string): BoundaryName
  /** That of the scope of the shared schema. */
  readonly sharedBoundary: BoundaryName
  /** Kinds, and tenants as the option names them, that have another boundary than this kind. */
  othersThan(kind: string): AttackReport['otherBoundaries']
  readonly roleOf: MakingParts['roleOf']
  /** Lends a pool that nothing else uses, with this many connections; they are closed afterwards. */
  lendPool<T>(size: number, fn: (pool: Pool) => Promise<T>): Promise<T>
  /** Whether a connection of the pool has a session of its own. */
  isDirect(client: PoolClient): boolean
  run<T>(tenant: ThrowAway['tenant'], fn: () => T): Promise<Awaited<T>>
  runShared<T>(fn: () => T): Promise<Awaited<T>>
  session<T>(tenant: ThrowAway['tenant'], fn: (client: PoolClient) => Promise<T>): Promise<T>
  runOutside<T>(fn: () => T): T
  bind<T>(fn: () => T): () => T
}

/** @throws TenancyError DATABASE_UNREACHABLE, NOT_PERMITTED, INVALID_ARGUMENT, UNKNOWN_KIND */
export async function runAttacks(host: AttackHost, options: AttackOptions = {}): Promise<AttackReport> {
  assertKnownKeys('attack', options, ['kind', 'signal', 'onAttack'])
  const kind = host.checkedKind(options.kind)
  const boundary = host.boundaryOf(kind)
  const started = performance.now()
  const { owner, give, roleOf } = host
  const parts: MakingParts = { owner, kind, sharedSchema: host.options.sharedSchema, give, roleOf }
  await dropLeftovers(parts)
  const ids = newIds()
  try {
    const made = await makeThrowAways(parts, ids)
    const isRevoked = !(await mayAllSetConfig(owner))
    const world: Surroundings = {
      ...made,
      spareSchema: identifier(schemaOf(ids[3]!)),
      owner,
      ownerRole: identifier(await owner.loginRole()),
      run: (who, fn) => host.run(who.tenant, fn),
      runShared: (fn) => host.runShared(fn),
      session: (who, fn) => host.session(who.tenant, fn),
      runOutside: (fn) => host.runOutside(fn),
      bind: (fn) => host.bind(fn),
      mayBeSchema: (name) => schemaNameProblem(name) === undefined,
    }
    const entries = await runAll(
      attacks,
      host,
      world,
      ({ promisedBy, isOfSharedScope }) => isPromised(promisedBy[isOfSharedScope ? host.sharedBoundary : boundary], isRevoked),
      options,
    )
    return {
      ok: entries.length === attacks.length && broken({ attacks: entries }).length === 0,
      kind,
      boundary,
      otherBoundaries: host.othersThan(kind),
      revoked: isRevoked,
      attacks: entries,
      ...(entries.length < attacks.length && { aborted: true as const }),
      durationMs: performance.now() - started,
    }
  } finally {
    await dropThrowAways(parts, ids).catch((error: unknown) => tellLeftBehind(ids, error))
  }
}

/** The world without its connections, which each attack gets new ones of. */
type Surroundings = Omit<World, 'one' | 'two' | 'isDirect'>

/** One after another: each gets new connections, and the rows that the attack before it may have changed are as they were. */
async function runAll(
  all: readonly Attack[],
  host: Pick<AttackHost, 'lendPool' | 'isDirect'>,
  surroundings: Surroundings,
  isPromisedHere: (attack: Attack) => boolean,
  { signal, onAttack }: AttackOptions = {},
): Promise<AttackEntry[]> {
  const entries: AttackEntry[] = []
  for (const attack of all) {
    if (signal?.aborted === true) break
    onAttack?.(attack.title)
    const { id, group, title, wouldHold } = attack
    const promised = isPromisedHere(attack)
    const outcome = await host.lendPool(1, (one) =>
      host.lendPool(2, async (two) => {
        const isDirect = await reachesSessions(one, host, surroundings)
        return outcomeOf(attack, { ...surroundings, one, two, isDirect })
      }),
    )
    entries.push({ id, group, title, promised, ...outcome, wouldHold })
  }
  return entries
}

/**
 * Whether a connection has a session of its own. It also reads what the attacker may read: where that fails, every attack would fail, too, and
 * nothing would be known.
 */
async function reachesSessions(pool: Pool, host: Pick<AttackHost, 'isDirect'>, { run, mine }: Surroundings): Promise<boolean> {
  const client = await run(mine, () => pool.connect())
  try {
    await client.query('select secret from notes')
    return host.isDirect(client)
  } finally {
    client.release()
  }
}

const longestMs = 5000

/** An attack that fails in a way that it does not know has shown nothing. */
async function outcomeOf(attack: Attack, world: World): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(notTried(`it had not ended after ${longestMs / 1000} seconds`)), longestMs)
  })
  try {
    return await Promise.race([world.runOutside(() => attack.run(world)), late])
  } catch (error) {
    const code = (error as { code?: unknown } | undefined)?.code
    return notTried(`it failed in another way: ${typeof code === 'string' ? code : 'an error'}`)
  } finally {
    clearTimeout(timer)
  }
}

async function mayAllSetConfig(owner: Database): Promise<boolean> {
  const { rows } = await owner.query<{ may: string }>(mayRunSetConfigSql())
  return rows[0]!.may === 'true'
}
