// Runs in an app that scripts/check-installs.js has made, beside one of the other files of this folder: `node main.mjs kysely.mjs`.
// Two tenants get a row each, and the app reads the row of one through the adapter. Prints what came of it as one line of JSON.
import { createTenancy, isTenancyError } from 'partywall'

const tenancy = createTenancy({
  root: import.meta.dirname,
  database: process.env.DATABASE_URL,
  migrations: { shared: 'none', tenant: 'migrations' },
})
for (const schema of ['acme', 'globex']) {
  await tenancy.tenants.create({ schema })
  await tenancy.run(schema, () => tenancy.pool.query('insert into notes (text) values ($1)', [`of ${schema}`]))
}
console.log(JSON.stringify(await outcome()))
await tenancy.close()
// A library may keep a pool that it refused to use.
process.exit()

/** @returns {Promise<{ texts: string[] } | { code: string, message: string }>} */
async function outcome() {
  let app
  try {
    const { open } = await import(`./${process.argv[2]}`)
    app = await open(tenancy)
    return { texts: await app.read('acme') }
  } catch (error) {
    if (!isTenancyError(error)) throw error
    return { code: error.code, message: error.message }
  } finally {
    await app?.close?.()
  }
}
