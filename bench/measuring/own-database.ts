/** A database of its own for a scenario, with a tenancy that has no migrations. Both are gone when the work is done. */
import pg from 'pg'
import { createTenancy, type Config, type Tenancy } from 'partywall'

/** @param name a part of the name of the database */
export async function inOwnDatabase<T>(
  url: string,
  name: string,
  work: (tenancy: Tenancy, url: string) => Promise<T>,
  config: Pick<Config, 'resolve'> = {},
): Promise<T> {
  const database = `bench_${name}_${process.pid}`
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(`create database ${database}`)
  const own = Object.assign(new URL(url), { pathname: `/${database}` }).href
  const tenancy = createTenancy({ ...config, database: own, migrations: { shared: false, tenant: false } })
  try {
    return await work(tenancy, own)
  } finally {
    await tenancy.close()
    await admin.query(`drop database if exists ${database} with (force)`)
    await admin.end()
  }
}
