import { notFound, redirect } from 'next/navigation'
import { tenantRoute } from '../../../lib/tenancy.js'

export const GET = tenantRoute(() => notFound())

export const POST = tenantRoute(() => redirect('/notes'))
