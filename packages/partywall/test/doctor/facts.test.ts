import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { readFacts } from '../../src/doctor/context/facts.ts'
import { fixedRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'

const { directUrl } = await testDatabase()

test('the doctor looks for the fixed roles that partywall makes, also in a database that is called like one of them', async () => {
  const name = `partywall_tenants_${randomBytes(4).toString('hex')}`
  const admin = new Client(directUrl)
  await admin.connect()
  await admin.query(`create database ${name}`)
  const client = new Client(Object.assign(new URL(directUrl), { pathname: `/${name}` }).href)
  try {
    await client.connect()
    const facts = await readFacts(async ({ text, values }) => (await client.query(text, values)).rows, 'app')
    const fixed = ['tenants', 'logins', 'granter', 'shared', 'catalog'] as const
    expect(fixed.map((role) => facts[role])).toEqual(fixed.map((role) => fixedRole(role, name)))
  } finally {
    await client.end()
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
})
