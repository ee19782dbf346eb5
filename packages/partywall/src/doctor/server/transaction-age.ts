/** PW-114: the database is far from the wraparound of its transaction numbers. Each table of each tenant must be frozen, and a fleet has many. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { count } from '../context/wording.ts'

export const transactionAge: Examination = {
  id: 'PW-114',
  title: 'The wraparound of transaction numbers is near',
  async run({ askDeploy }: Context) {
    const [ages] = await askDeploy<Ages>(agesSql)
    return observe(ages!)
  },
}

export function observe({ age, freezeAt, multixactAge, multixactFreezeAt }: Ages): Observation[] {
  const parts = [
    { what: 'transaction number', age, freezeAt },
    { what: 'multixact number', age: multixactAge, freezeAt: multixactFreezeAt },
  ]
  return parts
    .filter((part) => part.age >= Math.min(2 * part.freezeAt, mostAge / 2))
    .map((part) => ({
      severity: part.age >= mostAge / 2 ? 'error' : 'warning',
      seen: `The oldest ${part.what} of the database is ${count(part.age)} old; autovacuum should freeze at ${count(part.freezeAt)}, and the server stops writing at about ${count(mostAge)}.`,
      fix: 'End old transactions and replication slots, then run: vacuumdb --freeze --jobs 4 on this database. Let autovacuum have more workers.',
    }))
}

const mostAge = 2_000_000_000

export interface Ages {
  readonly age: number
  readonly freezeAt: number
  readonly multixactAge: number
  readonly multixactFreezeAt: number
}

const agesSql: Statement = {
  text: `
    select
      age(datfrozenxid) as age,
      current_setting('autovacuum_freeze_max_age')::integer as "freezeAt",
      mxid_age(datminmxid) as "multixactAge",
      current_setting('autovacuum_multixact_freeze_max_age')::integer as "multixactFreezeAt"
    from pg_catalog.pg_database
    where datname = current_database()`,
}
