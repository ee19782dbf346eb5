/** `npm run add-user -- acme bob@acme.example`: a user who may sign in at a tenant, and is a member of it. */
import { randomBytes } from 'node:crypto'
import { authOf } from './auth.ts'
import { openTenancy } from './tenancy.ts'

const [schema, email] = process.argv.slice(2)
if (schema === undefined || email === undefined) {
  console.error('Name a tenant and an address:  npm run add-user -- acme bob@acme.example')
  process.exit(2)
}
const password = randomBytes(12).toString('base64url')
const tenancy = openTenancy()
try {
  const { users } = authOf(tenancy)
  await tenancy.run(schema, async (tenant) => {
    const { id } = await users.create({ email, password })
    await tenancy.members.add(tenant, id)
  })
  console.log(`${email} may sign in at ${await tenancy.url(schema)} with the password ${password}`)
} finally {
  await tenancy.close()
}
