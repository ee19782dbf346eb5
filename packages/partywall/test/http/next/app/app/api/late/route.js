import { everywhere } from '../../../lib/notes.js'
import { tenantRoute } from '../../../lib/tenancy.js'

export const GET = tenantRoute(async () => {
  await everywhere()
  throw new Error('secret of the handler')
})
