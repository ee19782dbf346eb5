/** Pools beside that of the application: their users neither wait for the application nor make it wait. Each is ended by its user. */
import type { ClientConfig } from 'pg'
import type { Options } from '../config/options.ts'
import type { Binder } from './binding/binder.ts'
import { interruptPool } from './pool/interrupt.ts'
import { loginConnectionsOf, TenantPool, type TenantPoolConfig } from './pool/tenant-pool.ts'

export interface ExtraPool {
  /** The most connections. They are opened when they are needed. */
  readonly size: number
  readonly binder: Binder
  /** How to connect. */
  readonly config: ClientConfig
  readonly logins?: TenantPoolConfig['logins']
  readonly observation?: TenantPoolConfig['observation']
}

export class ExtraPools {
  readonly #options: Options['pool']
  readonly #open = new Set<TenantPool>()
  readonly #kept = new Set<TenantPool>()

  constructor(options: Options['pool']) {
    this.#options = options
  }

  /** Those that are open. */
  get all(): Iterable<TenantPool> {
    return this.#open
  }

  /** Lends a pool, whose connections are closed when `fn` is done. A client that `fn` did not release keeps it waiting. */
  async lend<T>(wanted: ExtraPool, fn: (pool: TenantPool) => Promise<T>): Promise<T> {
    return this.#lend(wanted, fn, () => false)
  }

  /** As `lend`; a client that `fn` did not release is interrupted. */
  async lendForcibly<T>(wanted: ExtraPool, fn: (pool: TenantPool) => Promise<T>): Promise<T> {
    return this.#lend(wanted, fn, isBusy)
  }

  /** Opens a pool that stays, and closes its idle connections. `close` ends it. */
  keep({ size, config, ...given }: ExtraPool): TenantPool {
    const pool = this.#make({ size, config, ...given })
    this.#kept.add(pool)
    return pool
  }

  async close(): Promise<void> {
    await Promise.all([...this.#kept].map((pool) => pool.end()))
  }

  #make({ size, config, ...given }: ExtraPool): TenantPool {
    const { max: _max, sharedMax: _sharedMax, maxPerTenant: _maxPerTenant, loginMax: _loginMax, ...waits } = this.#options
    const pool = new TenantPool({ ...waits, ...config, min: 0, max: size, ...given })
    this.#open.add(pool)
    return pool
  }

  async #lend<T>(
    wanted: ExtraPool,
    fn: (pool: TenantPool) => Promise<T>,
    mustInterrupt: (pool: TenantPool) => boolean,
  ): Promise<T> {
    const pool = this.#make(wanted)
    try {
      return await fn(pool)
    } finally {
      if (mustInterrupt(pool)) await interruptPool(pool)
      await pool.end()
      this.#open.delete(pool)
    }
  }
}

function isBusy(pool: TenantPool): boolean {
  return pool.totalCount > pool.idleCount || loginConnectionsOf(pool)?.clients.some(({ isAtRest }) => !isAtRest) === true
}
