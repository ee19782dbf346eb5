import type { z } from 'zod'
import type { ApiRoute } from '../api/route.ts'
import { customer, customerChanges, customerPage, customerQuery, newCustomer } from '../api/schemas/customers.ts'
import type { Parts } from '../parts.ts'
import { recordRoutes } from './record-routes.ts'
import { searchQuery, Where } from './where.ts'

type Query = z.output<typeof customerQuery>

/** The names that a client may sort by, and what they are here. */
const orders: Record<Query['sort'], string> = {
  name: 'lower(r.name)',
  city: 'lower(r.city)',
  status: 'r.status',
  createdAt: 'r.created_at',
  updatedAt: 'r.updated_at',
}

export function customerRoutes(parts: Pick<Parts, 'tenancy'>): ApiRoute[] {
  const routes = recordRoutes(parts, {
    kind: 'customer',
    path: '/api/customers',
    table: 'customers',
    select: `r.id, r.name, r.contact, r.email, r.phone, r.city, r.country, r.status, r.owner_id as "ownerId", u.name as "ownerName",
      r.created_at as "createdAt", r.updated_at as "updatedAt"`,
    from: 'customers r left join "user" u on u.id = r.owner_id',
    title: 'name',
    columns: {
      name: 'name',
      contact: 'contact',
      email: 'email',
      phone: 'phone',
      city: 'city',
      country: 'country',
      status: 'status',
      ownerId: 'owner_id',
    },
    schemas: { query: customerQuery, page: customerPage, one: customer, create: newCustomer, change: customerChanges },
    where: ({ search, status }: Query) =>
      new Where()
        .add(search || undefined, (text) => `r.search @@ ${searchQuery(text)}`)
        .add(status, (value) => `r.status = ${value}`),
    orderBy: ({ sort, descending }: Query) => {
      const direction = descending === true ? 'desc' : 'asc'
      return `${orders[sort]} ${direction} nulls last, r.id ${direction}`
    },
    mayDelete: { can: 'records.delete' },
  })
  return Object.values(routes)
}
