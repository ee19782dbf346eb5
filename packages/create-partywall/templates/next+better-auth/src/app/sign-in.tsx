'use client'
import { useState } from 'react'

export function SignIn() {
  const [problem, setProblem] = useState('')

  async function signIn(form: FormData) {
    const body = JSON.stringify({ email: form.get('email'), password: form.get('password') })
    const answer = await fetch('/api/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    if (answer.ok) location.reload()
    else setProblem('The address or the password is wrong.')
  }

  return (
    <form action={signIn}>
      <label>
        E-mail <input name="email" type="email" required autoComplete="username" />
      </label>
      <label>
        Password <input name="password" type="password" required autoComplete="current-password" />
      </label>
      <button>Sign in</button>
      <p role="alert">{problem}</p>
    </form>
  )
}
