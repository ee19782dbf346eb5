/** Tenants for tests: new ones that are made ahead, and ones that are emptied and used again. */
import { randomBytes } from 'node:crypto'
import { firstRowsOf, restoreRows, type FirstRows } from './first-rows.ts'
import type { NewTenantOf, TenantOf, TestableTenancy } from './testable.ts'

/** What `tenants.create` takes, and none of it is needed. */
export type TestTenantInput<T extends TestableTenancy> = Partial<NewTenantOf<T>> & {
  /** The same tenant at each call with this name, or with `true`; emptied before. @default false */
  readonly reuse?: boolean | string | undefined
}

interface Reused<T extends TestableTenancy> {
  readonly tenant: TenantOf<T>
  readonly rows: FirstRows
}

export class TestTenants<T extends TestableTenancy> {
  readonly #tenancy: T
  /** Makes tenants in the background, with connections of its own: those of the tests are watched for leaks. */
  readonly #openMaker: () => T
  readonly #size: number
  readonly #ready: Promise<TenantOf<T>>[] = []
  readonly #reused = new Map<string, Promise<Reused<T>>>()
  #maker: T | undefined
  #making: Promise<unknown> = Promise.resolve()
  #isClosed = false

  /** @param size how many plain tenants are made ahead */
  constructor(tenancy: T, openMaker: () => T, size: number) {
    this.#tenancy = tenancy
    this.#openMaker = openMaker
    this.#size = size
  }

  async take({ reuse = false, ...input }: TestTenantInput<T> = {} as TestTenantInput<T>): Promise<TenantOf<T>> {
    if (reuse !== false) return this.#again(reuse === true ? '' : reuse, input)
    if (Object.keys(input).length > 0 || this.#size === 0) return this.#create(this.#tenancy, input)
    const next = this.#ready.shift()
    this.#makeMissing()
    const made = await (next ?? this.#create(this.#tenancy, {}))
    // As the tenancy of the tests knows it: it may have been changed there.
    return (await this.#tenancy.tenants.get({ id: made.id })) as TenantOf<T>
  }

  /** Makes those that are to be ready, and waits for them. */
  async fill(): Promise<void> {
    this.#makeMissing()
    await Promise.all(this.#ready)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#making
    await this.#maker?.close()
  }

  #makeMissing(): void {
    for (let missing = this.#size - this.#ready.length; missing > 0; missing--) this.#makeOne()
  }

  #makeOne(): void {
    const made = this.#making.then(() => {
      if (this.#isClosed) throw new Error('The test database is closed.')
      return this.#create((this.#maker ??= this.#openMaker()), {})
    })
    made.catch(() => {})
    this.#making = made.catch(() => {})
    this.#ready.push(made)
  }

  async #again(name: string, input: object): Promise<TenantOf<T>> {
    const known = this.#reused.get(name)
    if (known === undefined) {
      const making = this.#makeReused(input)
      this.#reused.set(name, making)
      return (await making).tenant
    }
    const { tenant, rows } = await known
    await restoreRows(this.#tenancy, tenant, rows)
    return (await this.#tenancy.tenants.get({ id: tenant.id })) as TenantOf<T>
  }

  async #makeReused(input: object): Promise<Reused<T>> {
    const tenant = await this.#create(this.#tenancy, input)
    return { tenant, rows: await firstRowsOf(this.#tenancy, tenant) }
  }

  async #create(tenancy: T, input: object): Promise<TenantOf<T>> {
    return (await tenancy.tenants.create({ schema: testSchema(), ...input })) as TenantOf<T>
  }
}

/** A name that no parallel test makes: also where tests share a database, or files and caches that are named after the tenant. */
function testSchema(): string {
  const worker = process.env['VITEST_POOL_ID'] ?? process.env['JEST_WORKER_ID'] ?? String(process.pid)
  return `t_${worker.replaceAll(/\W/g, '')}_${randomBytes(5).toString('hex')}`
}
