/** `partywall member` and `partywall audit`, by the real command line. */
import { beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { project, type Project } from '../partywall.ts'

let run: Project['run']
beforeAll(async () => {
  const { url } = await testDatabase()
  ;({ run } = await project(url))
  await run('tenant create acme --external-id org_1')
})

test('a tenant gets an owner, hands itself over, and keeps its last owner; the audit tells who did it', async () => {
  expect((await run('member add acme ada --role owner --json')).json).toMatchObject({
    schema: 'acme',
    userId: 'ada',
    role: 'owner',
  })
  await run('member add acme bob')
  expect((await run('member transfer acme --from ada --to bob --json')).json).toMatchObject({ userId: 'bob', role: 'owner' })
  expect((await run('member set-role acme ada member --json')).json).toMatchObject({ role: 'member' })
  const refused = await run('member remove acme bob --json')
  expect([refused.code, refused.json.error.code]).toEqual([1, 'LAST_OWNER'])
  expect((await run('member remove acme ada')).code).toBe(0)
  expect((await run('member list acme')).stdout).toMatch(/^tenant +user +role +since\nacme +bob +owner +\d{4}-\d\d-\d\d\n$/)
  expect((await run('member list --user bob --json')).json).toMatchObject([{ schema: 'acme' }])
  const invited = await run('member invite acme ada@example.com --expires 1h --json')
  expect(invited.json.token).toMatch(/^[\w-]{43}$/)

  const listed = await run('audit list --tenant acme --action member --limit 2 --json')
  expect(listed.json.map(({ action, object }: { action: string; object: string }) => [action, object])).toEqual([
    ['member.removed', 'ada'],
    ['member.role', 'ada'],
  ])
  expect(listed.json[0].actor).toMatch(/^cli:/)
  const lines = (await run('audit export --action member --action invitation --since 1h')).stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).action)).toEqual([
    'member.added',
    'member.added',
    'member.ownership',
    'member.role',
    'member.role',
    'member.removed',
    'invitation.created',
  ])
  expect(lines.join()).not.toContain('example.com')
  expect((await run('tenant show --external-id org_1')).stdout).toMatch(/external id +org_1/)
}, 60_000)
