/** The rows of a demo tenant, as objects: the same at each first start, with dates around today. */
import { stages } from '../api/schemas/leads.ts'
import { projectStatuses } from '../api/schemas/projects.ts'
import { randomOf } from './random.ts'
import { companyKinds, companyNames, errands, firstNames, lastNames, legalForms, offers, places, remarks } from './words.ts'

export interface DemoSize {
  readonly seed: number
  readonly customers: number
  readonly leads: number
  readonly projects: number
  readonly tasks: number
  readonly notes: number
}

const dayMs = 86_400_000

/** @param people the ids of users that own and write records */
export function demoRows(size: DemoSize, people: readonly string[], now: Date) {
  const random = randomOf(size.seed)
  const ago = (days: number): string => new Date(now.getTime() - random.below(days * 24 * 60) * 60_000).toISOString()
  const dayAround = (before: number, after: number): string =>
    new Date(now.getTime() + (random.below(before + after) - before) * dayMs).toISOString().slice(0, 10)
  const customerId = (): number => 1 + random.below(size.customers)

  const customers = many(size.customers, () => {
    const company = `${random.of(companyNames)} ${random.of(companyKinds)} ${random.of(legalForms)}`
    const [first, last] = [random.of(firstNames), random.of(lastNames)]
    const [city, country] = random.of(places)
    const host = company
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, '-')
      .replaceAll(/^-|-$/g, '')
    const created = ago(random.below(3) === 0 ? 89 : 700)
    return {
      name: company,
      contact: `${first} ${last}`,
      email: `${first}.${last}@${host}.example`
        .normalize('NFD')
        .replaceAll(/[^\w.@-]/g, '')
        .toLowerCase(),
      phone: `+49 30 555 ${String(1000 + random.below(9000))}`,
      city,
      country,
      status: random.below(12) === 0 ? 'inactive' : 'active',
      owner_id: random.of(people),
      created_at: created,
    }
  })
  const leads = many(size.leads, (index) => {
    const stage = stages[[0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5][random.below(11)]!]!
    const isClosed = stage === 'won' || stage === 'lost'
    return {
      title: `${random.of(offers)} for ${random.of(companyNames)}`,
      stage,
      position: (index + 1) * 1024,
      value_cents: (1 + random.below(400)) * 25_000,
      customer_id: customerId(),
      owner_id: random.of(people),
      expected_on: dayAround(20, 120),
      closed_at: isClosed ? ago(330) : null,
      created_at: ago(360),
    }
  })
  const projects = many(size.projects, () => ({
    name: `${random.of(offers)} ${random.of(companyNames)}`,
    status: projectStatuses[[0, 1, 1, 1, 2, 2, 3][random.below(7)]!]!,
    customer_id: customerId(),
    budget_cents: (4 + random.below(200)) * 100_000,
    starts_on: dayAround(200, 30),
    ends_on: dayAround(20, 200),
    created_at: ago(300),
  }))
  const tasks = many(size.tasks, () => ({
    title: random.of(errands),
    done_at: random.below(3) > 0 ? ago(200) : null,
    due_on: random.below(8) === 0 ? null : dayAround(15, 45),
    assignee_id: random.of(people),
    customer_id: customerId(),
    project_id: random.below(2) === 0 ? 1 + random.below(size.projects) : null,
    created_at: ago(200),
  }))
  const notes = many(size.notes, () => ({
    text: random.of(remarks),
    author_id: random.of(people),
    customer_id: customerId(),
    created_at: ago(300),
  }))
  return { customers, leads, projects, tasks, notes }
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
