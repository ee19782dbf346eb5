import { addAsMember, addMark, addNote } from '../../lib/actions.js'
import { everywhere } from '../../lib/notes.js'
import { withTenant } from '../../lib/tenancy.js'

export default async function Page() {
  const seen = await withTenant(async ({ schema }) => [schema, ...(await everywhere())])
  return (
    <>
      <p>{seen.join(', ')}</p>
      <form id="mark" action={addMark} />
      <form id="add" action={addNote} />
      <form id="addAsMember" action={addAsMember} />
    </>
  )
}
