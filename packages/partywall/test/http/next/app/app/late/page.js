import { everywhere } from '../../lib/notes.js'
import { withTenant } from '../../lib/tenancy.js'

export default async function Page() {
  await withTenant(async () => {
    await everywhere()
    throw new Error('secret of the page')
  })
}
