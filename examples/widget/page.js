/** The page sets the user: here the demo's driver. A real page gets its user's token from its own backend. */
import { signIn } from 'deskwire/client';

const { token } = await signIn({ url: location.origin, email: 'driver@example.com', password: 'deskwire-demo' });
document.querySelector('deskwire-chat').token = token;
