import { route, type ApiRoute } from '../api/route.ts'
import { dashboard } from '../api/schemas/dashboard.ts'
import { stages } from '../api/schemas/leads.ts'
import type { Parts } from '../parts.ts'
import { today } from './today.ts'

const numbers = `
  select (select count(*)::int from customers) as customers,
    (select count(*)::int from leads where closed_at is null) as "openLeads",
    (select coalesce(sum(value_cents), 0)::float8 from leads where closed_at is null) as "openValueCents",
    (select coalesce(sum(value_cents), 0)::float8 from leads where stage = 'won' and closed_at > now() - interval '30 days') as "wonCents",
    (select count(*)::int from projects where status = 'active') as "activeProjects",
    (select count(*)::int from tasks where done_at is null) as "openTasks",
    (select count(*)::int from tasks where done_at is null and due_on < $1::date) as "overdueTasks"`

/** Each day has a point, also one on which nothing happened. */
const newCustomers = `
  select to_char(day, 'YYYY-MM-DD') as day, count(c.id)::int as value
  from generate_series($1::date - 89, $1::date, interval '1 day') as day
  left join customers c on (c.created_at at time zone $2)::date = day::date and c.created_at > $1::date - 92
  group by day order by day`

const wonByMonth = `
  select to_char(month, 'YYYY-MM-DD') as day, coalesce(sum(l.value_cents), 0)::float8 as value
  from generate_series(date_trunc('month', $1::date) - interval '11 months', date_trunc('month', $1::date), interval '1 month') as month
  left join leads l on l.stage = 'won' and date_trunc('month', l.closed_at at time zone $2) = month
  group by month order by month`

const byStage = 'select stage, count(*)::int as count, sum(value_cents)::float8 as "valueCents" from leads group by stage'

export function dashboardRoutes({ tenancy }: Pick<Parts, 'tenancy'>): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/dashboard',
      side: 'tenant',
      rule: 'member',
      summary: 'Numbers and series of the first page',
      answer: dashboard,
      handle: async () => {
        const { pool } = tenancy
        const [{ timeZone }, day] = await Promise.all([tenancy.settings(), today(tenancy)])
        const [counted, customers, won, leads] = await Promise.all([
          pool.query(numbers, [day]),
          pool.query(newCustomers, [day, timeZone]),
          pool.query(wonByMonth, [day, timeZone]),
          pool.query<{ stage: string }>(byStage),
        ])
        return {
          numbers: counted.rows[0],
          newCustomers: customers.rows,
          wonCentsByMonth: won.rows,
          leadsByStage: stages.map(
            (stage) => leads.rows.find((row) => row.stage === stage) ?? { stage, count: 0, valueCents: 0 },
          ),
        }
      },
    }),
  ]
}
