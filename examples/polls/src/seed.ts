/** Two demo tenants, each with its own questions. Existing tenants and questions are kept. */
import type { Pool } from 'pg'
import type { PollsTenancy, PollsTenant } from './tenancy.ts'

const demo = [
  {
    schema: 'ferrari',
    name: 'Scuderia Ferrari',
    polls: [
      { question: 'Who wins in Monza?', choices: ['Leclerc', 'Hamilton', 'the tifosi'] },
      { question: 'Which red?', choices: ['rosso corsa', 'rosso scuderia'] },
    ],
  },
  {
    schema: 'mclaren',
    name: 'McLaren Racing',
    polls: [
      { question: 'Who wins in Silverstone?', choices: ['Norris', 'Piastri'] },
      { question: 'Where is the tea?', choices: ['in the garage', 'on the pit wall', 'there is no tea'] },
    ],
  },
] as const

export async function seed(tenancy: PollsTenancy): Promise<PollsTenant[]> {
  const tenants: PollsTenant[] = []
  for (const { schema, name, polls } of demo) {
    const tenant = await ensureTenant(tenancy, schema, name)
    await tenancy.run(tenant, () => addPolls(tenancy.pool, polls), { allowInactive: true })
    tenants.push(tenant)
  }
  return tenants
}

async function ensureTenant(tenancy: PollsTenancy, schema: string, name: string): Promise<PollsTenant> {
  const known = await tenancy.tenants.find({ schema })
  if (known !== undefined) return known
  try {
    return await tenancy.tenants.create({ schema, name })
  } catch (error) {
    // Another process that started at the same time may have created it.
    const rival = await tenancy.tenants.find({ schema })
    if (rival === undefined) throw error
    return rival
  }
}

async function addPolls(pool: Pool, polls: (typeof demo)[number]['polls']): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    // A second process that starts at the same time waits here, and then finds the questions.
    await client.query('lock table questions in share row exclusive mode')
    const { rows } = await client.query('select 1 from questions limit 1')
    for (const { question, choices } of rows.length === 0 ? polls : []) {
      await client.query(
        `with added as (insert into questions (question) values ($1) returning id)
         insert into choices (question_id, choice)
         select added.id, given.choice
         from added, unnest($2::text[]) with ordinality as given (choice, position)
         order by given.position`,
        [question, choices],
      )
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}
