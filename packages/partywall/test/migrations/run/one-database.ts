/** Tenants that share one database per test, and functions that read the database. */
import { Client } from 'pg'
import { folderForTest, registryForTest, type Registry } from '../../support/tenants/registry.ts'

export const pollsSql = 'create table polls (id int);\n-- end\n'

/** Tenants with the table `polls`, and the folder of their migrations. */
export async function tenantsWithPolls(url: string, schemas: string[]): Promise<Registry & { readonly root: string }> {
  const root = await folderForTest({ 'migrations/tenant/0001_polls.sql': pollsSql })
  const registry = registryForTest(url, { root })
  for (const schema of schemas) await registry.create({ schema })
  return { ...registry, root }
}

export async function rowsIn(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** The names of the tables in a schema. */
export async function tablesIn(url: string, schema: string): Promise<unknown[]> {
  const found = await rowsIn(
    url,
    `select relname from pg_class where relkind = 'r' and relnamespace = '"${schema}"'::regnamespace order by relname`,
  )
  return found.map((row) => (row as { relname: string }).relname)
}
