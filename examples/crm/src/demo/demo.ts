/** Two tenants and an operator to try the app with. What exists already is kept. */
import { tenancyErrorOf } from 'partywall'
import type { PlanId } from '../api/schemas/billing.ts'
import type { Crm } from '../crm.ts'
import { noteActivity } from '../records/activity.ts'
import { planOf } from '../shared/plans.ts'
import { beginTrial } from '../shared/subscriptions.ts'
import { inTransaction } from '../transaction.ts'
import { demoRows, type DemoSize } from './rows.ts'

export interface Demo {
  readonly tenants: readonly { readonly name: string; readonly url: string; readonly email: string; readonly password: string }[]
  readonly operator: { readonly email: string; readonly password: string }
}

interface DemoTenant {
  readonly schema: string
  readonly name: string
  readonly plan: PlanId
  readonly password: string
  /** The first is the owner. */
  readonly people: readonly { readonly name: string; readonly email: string; readonly role: string }[]
  readonly size: DemoSize
}

const demoTenants: readonly DemoTenant[] = [
  {
    schema: 'acme',
    name: 'Acme Inc.',
    plan: 'growth',
    password: 'password of acme',
    people: [
      { name: 'Ada Lovelace', email: 'ada@acme.example', role: 'owner' },
      { name: 'Alan Turing', email: 'alan@acme.example', role: 'member' },
    ],
    size: { seed: 1, customers: 1200, leads: 600, projects: 150, tasks: 900, notes: 700 },
  },
  {
    schema: 'globex',
    name: 'Globex Corporation',
    plan: 'growth',
    password: 'password of globex',
    people: [
      { name: 'Grace Hopper', email: 'grace@globex.example', role: 'owner' },
      { name: 'Linus Meier', email: 'linus@globex.example', role: 'admin' },
    ],
    size: { seed: 2, customers: 900, leads: 500, projects: 120, tasks: 700, notes: 500 },
  },
]

const operator = { email: 'ops@crm.example', password: 'password of operators' }

type DemoParts = Pick<Crm, 'tenancy' | 'users' | 'operators'>

export async function addDemo(parts: DemoParts): Promise<Demo> {
  const tenants = await Promise.all(
    demoTenants.map(async (given) => {
      await addTenant(parts, given)
      const url = new URL(await parts.tenancy.url(given.schema)).origin
      return { name: given.name, url, email: given.people[0]!.email, password: given.password }
    }),
  )
  await parts.operators.users
    .create({ ...operator, name: 'Operator', admin: true, verified: true })
    .catch((error: unknown) => ignore(error, 'USER_EXISTS'))
  return { tenants, operator }
}

async function addTenant(
  { tenancy, users }: DemoParts,
  { schema, name, plan, people, password, size }: DemoTenant,
): Promise<void> {
  if ((await tenancy.tenants.find({ schema })) !== undefined) return
  const { limits } = await planOf(tenancy.sharedPool, plan)
  const tenant = await tenancy.tenants
    .create({ schema, name, attributes: { plan, limits } })
    .catch((error: unknown) => ignore(error, 'SCHEMA_EXISTS'))
  // Another process that started at the same time makes it.
  if (tenant === undefined) return
  await beginTrial(tenancy.sharedPool, tenant.id, plan)
  await tenancy.run(tenant, async () => {
    const ids: string[] = []
    for (const { name: person, email, role } of people) {
      const { id } = await users.users.create({ email, name: person, password, verified: true })
      await tenancy.members.add(tenant, id, { role })
      ids.push(id)
    }
    await insertRows(tenancy, demoRows(size, ids, new Date()), ids[0]!)
  })
}

const columns = {
  customers:
    'name text, contact text, email text, phone text, city text, country text, status text, owner_id text, created_at timestamptz',
  leads:
    'title text, stage text, position float8, value_cents bigint, customer_id int, owner_id text, expected_on date, closed_at timestamptz, created_at timestamptz',
  projects: 'name text, status text, customer_id int, budget_cents bigint, starts_on date, ends_on date, created_at timestamptz',
  tasks:
    'title text, done_at timestamptz, due_on date, assignee_id text, customer_id int, project_id int, created_at timestamptz',
  notes: 'text text, author_id text, customer_id int, created_at timestamptz',
} as const

async function insertRows({ pool }: DemoParts['tenancy'], rows: ReturnType<typeof demoRows>, userId: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    for (const table of ['customers', 'leads', 'projects', 'tasks', 'notes'] as const) {
      const names = columns[table]
        .split(', ')
        .map((column) => column.split(' ')[0])
        .join(', ')
      await client.query(
        `insert into ${table} (${names}) select ${names} from jsonb_to_recordset($1::jsonb) as given (${columns[table]})`,
        [JSON.stringify(rows[table])],
      )
      await noteActivity(client, {
        userId,
        action: 'imported',
        kind: 'import',
        title: `${rows[table].length} ${table} of the demo`,
      })
    }
  })
}

function ignore(error: unknown, code: 'USER_EXISTS' | 'SCHEMA_EXISTS'): undefined {
  if (tenancyErrorOf(error, code) === undefined) throw error
  return undefined
}
