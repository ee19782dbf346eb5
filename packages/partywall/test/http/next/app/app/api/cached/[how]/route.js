import { cached } from '../../../../lib/cached.js'
import { tenantRoute } from '../../../../lib/tenancy.js'

export const GET = tenantRoute(async (_request, { params }) => Response.json(await cached[(await params).how]()))
