import { everywhere } from '../../../lib/notes.js'
import { tenantRoute } from '../../../lib/tenancy.js'

export const GET = tenantRoute(async (_request, _context, { schema }) => Response.json([schema, ...(await everywhere())]))
