import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './styles.css';

const place = document.querySelector('#app');
if (place !== null) createRoot(place).render(<App />);
