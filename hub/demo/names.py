"""First and last names by where people are from; put together they mean nobody."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

NAMES = {
    "de": (
        "Lena Jonas Mareike Timo Svenja Henrik Katrin Malte Aylin Florian Ronja Stefan",
        "Albrecht Brandt Demir Ehlers Fuchs Hartwig Krüger Lorenz Neumann Petersen Seidel Wolff",
    ),
    "us": (
        "Harper Dwight Maya Logan Tessa Andre Paige Marcus Renee Caleb Jada Wyatt Colette Grady",
        "Abbott Bennett Carver Delgado Emerson Foster Hollis Jefferson Lambert McCall Ortiz Whitaker",
    ),
    "world": (
        "Nadia Viktor Amara Joaquín Linnea Kofi Sanne Tariq Mirela Dov Yara Anton Chioma Felix",
        "Achterberg Bianchi Castellan Dvořák Eze Farkas Grünwald Halvorsen Ivanova Jurić Khoury Laine Mbeki Novak",
    ),
    "jp": (
        "Haruka Kenji Yui Sota Misaki Daichi Aoi Ren Naomi Takumi",
        "Arai Fujita Hayashi Inoue Kudo Matsuda Nishimura Ogawa Shimizu Yamada",
    ),
    "uk": (
        "Imogen Callum Priya Rhys Georgia Ewan Tamsin Oliver Niamh Declan Freya Hamish Beatrix Alistair",
        "Ashworth Bailey Chowdhury Drummond Ellery Gallagher Hargreaves Jarvis Kirkwood Pemberton Rowe Sinclair",
    ),
    "fr": (
        "Camille Théo Inès Bastien Manon Hugo Salomé Rémi",
        "Aubert Besson Chevalier Delorme Fournier Garnier Lacroix Perrin",
    ),
    "no": (
        "Ingrid Magnus Astrid Eirik Solveig Lars Signe Håkon",
        "Aasen Berge Dahl Eriksen Fosse Holm Lindqvist Solberg",
    ),
    "es": (
        "Lucía Álvaro Carmen Diego Ximena Rafael Paloma Andrés Noa Tomás",
        "Aguilar Benítez Castaño Domínguez Espinosa Herrera Ibáñez Montero Quintana Vidal",
    ),
    "br": (
        "Beatriz Thiago Larissa Caio Fernanda Bruno Isadora",
        "Almeida Barreto Cardoso Ferraz Moura Pacheco Tavares",
    ),
    "in": (
        "Ananya Vikram Kavya Rohan Meera Arjun Divya Nikhil Sneha",
        "Bhatt Chandra Iyer Kapoor Menon Nair Rao Sharma Verma",
    ),
    "pl": (
        "Zofia Kacper Hanna Bartosz Maja Wojciech",
        "Adamska Borowski Górska Jankowski Mazur Zieliński",
    ),
    "gr": (
        "Eleni Nikos Danae Stavros Ioanna",
        "Alexiou Dimou Kallas Petrou Vasilakis",
    ),
    "it": (
        "Giulia Matteo Chiara Lorenzo Alice",
        "Bellini Colombo Ferrara Marchetti Ricci",
    ),
    "ke": (
        "Wanjiru Otieno Achieng Kamau Zawadi Baraka",
        "Kariuki Mwangi Njoroge Odhiambo Wambui Were",
    ),
    "ae": (
        "Layla Omar Hessa Yousef Mariam",
        "Farouk Haddad Mansour Nasser Saleh",
    ),
    "sg": (
        "Wei Ling Jun Hao Nurul Kai Xin Siti Marcus",
        "Chua Goh Lim Ong Rahman Teo",
    ),
    "kr": (
        "Ji-woo Min-jun Seo-yeon Do-yun Ha-eun",
        "Choi Han Kang Lee Park",
    ),
}


def unique(pool: str, random: Random) -> Iterator[str]:
    """Full names of a pool, none of them twice; a first name comes again only after all others."""
    first, last = (names.split() for names in NAMES[pool])
    random.shuffle(first)
    random.shuffle(last)
    for shift in range(len(last)):
        for place, name in enumerate(first):
            yield f"{name} {last[(place + shift) % len(last)]}"
