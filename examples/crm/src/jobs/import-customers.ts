/**
 * Imports the customers of a file, five hundred rows in a transaction, which also notes how far it has come. A job that was killed goes on behind that, so each row is imported once. Rows that do not fit
 * are refused line by line; the others come in.
 */
import type { PoolClient } from 'pg'
import { ApiProblem } from '../api/problems.ts'
import { newCustomer } from '../api/schemas/customers.ts'
import type { Parts } from '../parts.ts'
import { noteActivity } from '../records/activity.ts'
import { assertRoom } from '../records/room.ts'
import { inTransaction } from '../transaction.ts'
import { csvRows, UnreadableFile, type CsvRow } from './csv-rows.ts'

const inBatch = 500
/** More than a person reads. The count of refused rows goes on. */
const mostErrors = 1000

interface Import {
  readonly id: number
  readonly file_name: string
  readonly stored_as: string
  readonly state: string
  readonly processed: number
  readonly created: number
  readonly started_by_id: string | null
}

/** Call it in the scope of the tenant. */
export async function importCustomers({ tenancy, files }: Pick<Parts, 'tenancy' | 'files'>, id: number): Promise<void> {
  const { pool } = tenancy
  const { rows } = await pool.query<Import>(
    `update imports set state = 'running' where id = $1 and state in ('waiting', 'running')
     returning id, file_name, stored_as, state, processed, created, started_by_id`,
    [id],
  )
  const [given] = rows
  if (given === undefined) return
  const open = async () => {
    const file = await files.get(given.stored_as)
    if (file === undefined) throw new UnreadableFile('The file is gone.')
    return file.body
  }
  try {
    let total = 0
    for await (const _row of csvRows(await open())) total += 1
    await pool.query('update imports set total = $2 where id = $1', [id, total])
    let batch: CsvRow[] = []
    let place = 0
    for await (const row of csvRows(await open())) {
      place += 1
      if (place <= given.processed) continue
      batch.push(row)
      if (batch.length < inBatch) continue
      await importBatch(tenancy, given, batch)
      batch = []
    }
    if (batch.length > 0) await importBatch(tenancy, given, batch)
    await inTransaction(pool, async (client) => {
      const ended = await client.query<{ created: number }>(
        `update imports set state = 'done', ended_at = now() where id = $1 returning created`,
        [id],
      )
      const title = `${ended.rows[0]!.created} customers of ${given.file_name}`
      await noteActivity(client, { userId: given.started_by_id, action: 'imported', kind: 'import', objectId: id, title })
    })
  } catch (error) {
    // What the user can set right ends the import; anything else is tried again.
    if (!(error instanceof UnreadableFile) && !(error instanceof ApiProblem)) throw error
    await pool.query(`update imports set state = 'failed', reason = $2, ended_at = now() where id = $1`, [id, error.message])
  }
  await files.delete(given.stored_as)
}

async function importBatch(
  tenancy: Parts['tenancy'],
  { id, started_by_id: ownerId }: Import,
  batch: readonly CsvRow[],
): Promise<void> {
  const fitting: object[] = []
  const refused: { line: number; message: string }[] = []
  for (const { line, fields } of batch) {
    const { data, error } = newCustomer.safeParse({ ...fields, ...(fields['status'] === '' && { status: undefined }) })
    if (error === undefined) fitting.push(data)
    else
      refused.push({
        line,
        message: error.issues
          .map(({ path, message }) => `${path.join('.')}: ${message}`)
          .join('; ')
          .slice(0, 500),
      })
  }
  await assertServed(tenancy)
  await inTransaction(tenancy.pool, async (client) => {
    await insertCustomers(client, fitting, ownerId)
    await assertRoom(client, tenancy.current().attributes.limits)
    await client.query(
      `insert into import_errors (import_id, line, message)
       select $1::int, line, min(message) from jsonb_to_recordset($2::jsonb) as refused (line int, message text)
       where (select count(*) from import_errors where import_id = $1::int) < $3::int
       group by line on conflict do nothing`,
      [id, JSON.stringify(refused), mostErrors],
    )
    await client.query(
      'update imports set processed = processed + $2, created = created + $3, refused = refused + $4 where id = $1',
      [id, batch.length, fitting.length, refused.length],
    )
  })
}

/**
 * A tenant that was suspended while the job runs gets no more rows.
 * @throws ApiProblem
 */
async function assertServed(tenancy: Pick<Parts['tenancy'], 'tenants' | 'current'>): Promise<void> {
  const { status } = await tenancy.tenants.get({ id: tenancy.current().id })
  if (status !== 'active')
    throw new ApiProblem(403, 'TENANT_SUSPENDED', 'The account was closed meanwhile, so the rest of the file was not imported.')
}

async function insertCustomers(client: PoolClient, customers: readonly object[], ownerId: string | null): Promise<void> {
  if (customers.length === 0) return
  await client.query(
    `insert into customers (name, contact, email, phone, city, country, status, owner_id)
     select name, contact, email, phone, city, country, status, (select id from "user" where id = $2)
     from jsonb_to_recordset($1::jsonb)
       as given (name text, contact text, email text, phone text, city text, country text, status text)`,
    [JSON.stringify(customers), ownerId],
  )
}
