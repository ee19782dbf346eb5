/**
 * What the files of each tenant take, and the room that running uploads have reserved. Room is reserved before bytes are stored, under a lock of the count, so uploads that run
 * side by side cannot pass the limit together. What a file takes is written down after the change, as the store has it then: whichever change is written down last sees the last state.
 * A process that is killed leaves a reservation, which keeps its room for an hour; then the store is asked what became of the file.
 */
import { randomUUID } from 'node:crypto'
import { TenancyError } from '../../errors.ts'
import { eachStored, folderOfTenant, type FileStore } from '../../file-store.ts'
import type { Database, Transaction } from '../../ports/database.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Tenant } from '../../types.ts'
import { countedSql, lockPathSql, lockUsageSql, overdueSql, reserveSql, settleSql, sumSql, usageSql } from './file-usage-sql.ts'

export interface FileUsageFigures {
  readonly bytes: number
  readonly files: number
}

/** Room for one change of a file. */
export interface Reservation {
  readonly id: string
  readonly tenant: Pick<Tenant<any>, 'id' | 'schema'>
  readonly path: string
  /** How much is reserved. */
  bytes: number
}

export type UsageCatalog = Pick<Database, 'query' | 'transaction'>

export class FileUsage {
  readonly #catalog: UsageCatalog
  readonly #store: Pick<FileStore, 'stat'>

  constructor(catalog: UsageCatalog, store: Pick<FileStore, 'stat'>) {
    this.#catalog = catalog
    this.#store = store
  }

  /** @throws TenancyError QUOTA_EXCEEDED, UNKNOWN_TENANT */
  async begin(tenant: Reservation['tenant'], path: string, need: number, limit: number | undefined): Promise<Reservation> {
    const reservation: Reservation = { id: randomUUID(), tenant, path, bytes: 0 }
    await this.grow(reservation, need, need, limit)
    return reservation
  }

  /**
   * @param need how much there must be
   * @param want how much is asked for, so that it need not be asked again soon
   * @throws TenancyError QUOTA_EXCEEDED, UNKNOWN_TENANT
   */
  async grow(reservation: Reservation, need: number, want: number, limit: number | undefined): Promise<void> {
    const { id, tenant, path } = reservation
    const statement = reserveSql({ id, tenantId: tenant.id, path, need, want, limit: limit ?? null })
    const reserve = (): Promise<string | undefined> =>
      this.#locked(tenant, async (transaction) => (await transaction.query<{ bytes: string }>(statement)).rows[0]?.bytes)
    const bytes = (await reserve()) ?? ((await this.#settleOverdue(tenant.id)) ? await reserve() : undefined)
    if (bytes === undefined) throw await this.#exceeded(tenant, limit!)
    reservation.bytes = Number(bytes)
  }

  /** Writes down what became of the file. Returns false where the tenant was deleted meanwhile. */
  async end({ id, tenant, path }: Reservation): Promise<boolean> {
    return this.#settle(tenant.id, path, id)
  }

  async usage(tenantId: string): Promise<FileUsageFigures & { readonly reserved: number }> {
    const { rows } = await this.#catalog.query<{ bytes: string; files: string; reserved: string }>(usageSql(tenantId))
    const { bytes, files, reserved } = rows[0]!
    return { bytes: Number(bytes), files: Number(files), reserved: Number(reserved) }
  }

  /** Compares what is counted with what the store has, and corrects it; other processes may change files meanwhile. @param stored in the order of the paths */
  async recount(
    tenant: Reservation['tenant'],
    stored: AsyncIterable<{ readonly path: string; readonly size: number }>,
  ): Promise<void> {
    const counted = new Map<string, number>()
    for await (const { path, bytes } of this.#counted(tenant.id)) counted.set(path, bytes)
    for await (const { path, size } of stored) {
      if (counted.get(path) !== size) await this.#settle(tenant.id, path, null)
      counted.delete(path)
    }
    for (const path of counted.keys()) await this.#settle(tenant.id, path, null)
    await this.#settleOverdue(tenant.id)
    await this.#locked(tenant, (transaction) => transaction.query(sumSql(tenant.id)))
  }

  async *#counted(tenantId: string): AsyncGenerator<{ path: string; bytes: number }> {
    for (let after = ''; ;) {
      const { rows } = await this.#catalog.query<{ path: string; bytes: string }>(countedSql(tenantId, after, pageSize))
      for (const { path, bytes } of rows) yield { path, bytes: Number(bytes) }
      if (rows.length < pageSize) return
      after = rows.at(-1)!.path
    }
  }

  async #settle(tenantId: string, path: string, reservationId: string | null): Promise<boolean> {
    return this.#catalog.transaction(async (transaction) => {
      if ((await transaction.query(lockPathSql(tenantId, path))).rows.length === 0) return false
      const stored = await this.#store.stat(`${folderOfTenant(tenantId)}/${path}`)
      await transaction.query(settleSql(tenantId, path, stored?.size ?? null, reservationId))
      return true
    })
  }

  /** Returns whether there was one. */
  async #settleOverdue(tenantId: string): Promise<boolean> {
    const { rows } = await this.#catalog.query<{ id: string; path: string }>(overdueSql(tenantId))
    for (const { id, path } of rows) await this.#settle(tenantId, path, id)
    return rows.length > 0
  }

  async #locked<T>({ id }: Reservation['tenant'], work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#catalog.transaction(async (transaction) => {
      try {
        await transaction.query(lockUsageSql(id))
      } catch (error) {
        throw sqlStateOf(error) === sqlState.foreignKeyViolation ? unknownTenant(id) : error
      }
      return work(transaction)
    })
  }

  async #exceeded({ id, schema }: Reservation['tenant'], limit: number): Promise<TenancyError> {
    const { bytes, reserved } = await this.usage(id)
    const used = bytes + reserved
    return new TenancyError(
      'QUOTA_EXCEEDED',
      `The files of the tenant ${JSON.stringify(schema)} may take ${limit} bytes, and ${used} are taken or reserved by uploads that run: there is no room for this one. Nothing of it ` +
        'was kept. Delete files, or give the tenant more room by the option "files.quota". A file that is replaced counts until the new one is complete.',
      { details: { schema, limit, used } },
    )
  }
}

const pageSize = 5000

export function unknownTenant(id: string): TenancyError {
  return new TenancyError('UNKNOWN_TENANT', `The tenant ${id} was deleted meanwhile, so nothing of its files was changed.`, {
    details: { by: 'id', ref: id },
  })
}

/** Compares what is counted of a tenant with its files in the store, and corrects the count. */
export async function recountFiles(catalog: UsageCatalog, store: FileStore, tenant: Reservation['tenant']): Promise<void> {
  const folder = folderOfTenant(tenant.id)
  const stored = async function* (): AsyncGenerator<{ path: string; size: number }> {
    for await (const { key, size } of eachStored(store, folder)) yield { path: key.slice(folder.length + 1), size }
  }
  await new FileUsage(catalog, store).recount(tenant, stored())
}
